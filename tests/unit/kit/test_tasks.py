"""A cancellation that was swallowed once must not keep a process alive."""

import asyncio
import contextlib

import pytest

from app.kit import tasks
from app.kit.tasks import end_tasks, hear_out, insist_on_cancelling

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


async def test_what_is_heard_out_ends_however_often_its_caller_is_cancelled() -> None:
    told = asyncio.Event()
    heard: list[int] = []

    async def work() -> int:
        await told.wait()
        return 1

    async def caller() -> None:
        heard.append(await hear_out(work()))
        await asyncio.sleep(0)
        heard.append(2)  # never: the cancellation comes at the wait before

    task = asyncio.create_task(caller())
    for _ in range(3):
        await asyncio.sleep(0)
        task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    told.set()
    await asyncio.wait([task])

    assert ([1], True) == (heard, task.cancelled())


async def test_what_is_heard_out_raises_what_it_raised() -> None:
    async def work() -> None:
        raise OSError("the cable")

    with pytest.raises(OSError, match="the cable"):
        await hear_out(work())
