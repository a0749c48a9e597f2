"""Ending tasks on a Python that may lose a cancellation.

In CPython 3.11 `asyncio.wait_for` returns its result, and forgets that it was cancelled, when both happen in one turn
of the loop. Libraries below us call it (redis-py does, for every write), so one `cancel()` is a wish and no more.
Measured with arq 0.28 on a busy machine: 3 of 10 workers that got SIGTERM in their first second never ended.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

AGAIN_S = 0.5
TURNS = 10  # of the loop; a deadline takes one or two


async def end_tasks(*tasks: "asyncio.Task[Any]") -> None:
    """Cancel these until every one of them has ended. What they raise is dropped: they are no longer wanted."""
    pending: set[asyncio.Task[Any]] = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN_S)
    await asyncio.gather(*tasks, return_exceptions=True)


async def hear_out(work: Coroutine[Any, Any, T]) -> T:
    """What this returns or raises, also where the caller is cancelled meanwhile: that then comes at its next wait.

    For what must not be left half known, such as whether a transaction was committed. It must end by itself.
    """
    task, cancelled = asyncio.ensure_future(work), False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            cancelled = True
    caller = asyncio.current_task()
    if cancelled and caller is not None:
        caller.cancel()
    return task.result()


async def insist_on_cancelling(task: "asyncio.Task[None]") -> None:
    """Watch over a task that somebody else cancels, once: where that cancellation was lost, cancel again.

    A deadline (`asyncio.timeout`) cancels, too, and takes it back within one turn of the loop. redis-py sets one of no
    time at all for each connection it takes, so a look that meets one is no rarity: two such looks in a row once ended
    workers that nobody had told to end. What counts is a cancellation that stays.
    """
    seen = 0
    while not task.done():
        await asyncio.wait([task], timeout=AGAIN_S)
        seen = seen + 1 if await _stays_cancelled(task) else 0
        if seen > 1:
            task.cancel()


async def _stays_cancelled(task: "asyncio.Task[None]") -> bool:
    for _ in range(TURNS):
        if task.done() or not task.cancelling():
            return False
        await asyncio.sleep(0)
    return True
