"""A cancellation that was swallowed once must not keep a process alive."""

import asyncio
import contextlib

import pytest

from app.kit import tasks
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


async def test_deadlines_are_no_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    """redis-py sets one of no time at all for each connection it takes: a busy worker is nearly always in one."""
    monkeypatch.setattr(tasks, "AGAIN_S", 0)

    async def meet(deadlines: int) -> None:
        for number in range(deadlines):
            for _ in range(number % 7):  # whatever is in step with the looks does not stay in step
                await asyncio.sleep(0)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0):
                    await asyncio.sleep(60)

    task = asyncio.create_task(meet(2_000))
    insists = asyncio.create_task(insist_on_cancelling(task))

    await asyncio.wait([task, insists])

    assert not task.cancelled()
