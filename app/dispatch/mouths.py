"""Claimed messages up to their answers: so many posts at once, and what else was claimed waits for its turn."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from app.dispatch.flow.post import Voice
from app.dispatch.held import Leased
from app.dispatch.queries import DueBatch

LOOK_S = 0.1  # a rate is read off the clock no sooner than this


@dataclass(slots=True)
class Mouths:
    """At most `most` calls of `say` at once, begun in the order they were given. No call is ever cancelled.

    `most` may be changed at any time; when it is less, those who speak beyond it end what they say.

    While few speak, each message has a task of its own; while all do, whoever has its answer takes the next message.
    """

    say: Callable[[DueBatch, Voice, Leased, float, float], Awaitable[None]]
    most: int
    rate: float = 0.0  # answers per second, lately
    _waiting: deque[tuple[DueBatch, Voice, Leased, float, float]] = field(default_factory=deque)
    _speaking: set[asyncio.Task[None]] = field(default_factory=set)
    _answers: int = 0
    _looked_at: float = 0.0

    def __len__(self) -> int:
        """Messages without an answer."""
        return len(self._waiting) + len(self._speaking)

    @property
    def waiting(self) -> int:
        """Messages that nobody is free to post."""
        return len(self._waiting)

    def add(self, batch: DueBatch, voice: Voice, message: Leased, slot: float, claimed_at: float) -> None:
        """One more message to post; the arguments are those of `say`."""
        self._waiting.append((batch, voice, message, slot, claimed_at))
        if len(self._speaking) < self.most:
            self._begin()

    def look(self, now: float) -> None:
        """Measure the rate: half of it is of the time since the look before."""
        passed_s = now - self._looked_at
        if passed_s >= LOOK_S:
            self.rate = (self.rate + self._answers / passed_s) / 2
            self._answers, self._looked_at = 0, now

    async def wait(self, seconds: float) -> None:
        """Wait until all that is being said has its answer, at most so long."""
        await asyncio.wait(list(self._speaking), timeout=seconds)

    def _begin(self) -> None:
        task = asyncio.create_task(self._speak())
        self._speaking.add(task)
        task.add_done_callback(self._ended)

    async def _speak(self) -> None:
        while self._waiting and len(self._speaking) <= self.most:
            await self.say(*self._waiting.popleft())
            self._answers += 1

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._speaking.discard(task)
        if self._waiting and len(self._speaking) < self.most:  # it failed, or something was added just as it ended
            self._begin()
