"""The same deadline for many tasks at once, kept by one timer.

`asyncio.timeout` sets a timer for each use: 12 us of the 150 that a POST costs (2026-11). Here all may take equally
long, so whoever began first is due first, and only that one needs a timer.

Who is due is heard once more. A process that stood still finds its deadlines missed and its answers in the sockets at
the same time, and uvloop looks at the clock first: it called every answer lost that had come meanwhile. In a chaos run
that froze workers for 4 to 6 s, 106 messages were in doubt for that, and lines fell silent.
"""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

Result = TypeVar("Result")

HEAR_S = 0.02  # enough for one look at all sockets; what they hold is handed out before anybody is called late


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
        """See who is due; come back when somebody is, or after the sockets were looked at."""
        self._timer = None
        first = next(iter(self._until.values()), None)
        if first is None:
            return
        now = loop.time()
        if first > now:
            self._timer = loop.call_at(first, self._look, loop)
        else:
            # What was heard wakes its task in the turn that comes; we come after it.
            self._timer = loop.call_later(HEAR_S, loop.call_soon, self._end, loop, now)

    def _end(self, loop: asyncio.AbstractEventLoop, due_at: float) -> None:
        """Cancel what was due then and still waits."""
        for task, until in list(self._until.items()):
            if until > due_at:
                break
            del self._until[task]
            self._missed.add(task)
            task.cancel()
        self._look(loop)
