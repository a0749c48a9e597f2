"""A cancellation that was swallowed once must not keep a process alive."""

import asyncio

import pytest

from app.kit.tasks import end_tasks, insist_on_cancelling

pytestmark = pytest.mark.anyio


async def deaf_once() -> None:
    """What `asyncio.wait_for` of Python 3.11 does when its answer comes with the cancellation: forgets the latter."""
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        await asyncio.sleep(60)


async def test_ending_cancels_until_it_is_over() -> None:
    task = asyncio.create_task(deaf_once())
    await asyncio.sleep(0)

    async with asyncio.timeout(10):
        await end_tasks(task)

    assert task.cancelled()


async def test_a_lost_cancellation_of_somebody_else_is_asked_for_again() -> None:
    task = asyncio.create_task(deaf_once())
    insists = asyncio.create_task(insist_on_cancelling(task))
    await asyncio.sleep(0)

    task.cancel()

    async with asyncio.timeout(10):
        await insists
    assert task.cancelled()


async def test_a_task_that_nobody_cancels_is_left_alone() -> None:
    task = asyncio.create_task(asyncio.sleep(1.5))

    async with asyncio.timeout(10):
        await insist_on_cancelling(task)

    assert not task.cancelled()
