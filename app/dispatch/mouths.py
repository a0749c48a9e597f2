"""Claimed messages up to their answers: so many posts at once, and what else was claimed waits for its turn."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from app.dispatch.flow.post import Voice
from app.dispatch.held import Leased
from app.dispatch.queries import DueBatch

LOOK_S = 0.1  # a rate is read off the clock no sooner than this…
FIRST_LOOK_S = 0.005  # …but the first one, which all that is claimed next waits for


@dataclass(slots=True)
class Mouths:
    """At most `most` calls of `say` at once, begun in the order they were given. No call is ever cancelled.

    `say` tells whether anything was said: what failed before says nothing of how fast answers come.

    `most` may be changed at any time; when it is less, those who speak beyond it end what they say.

    While few speak, each message has a task of its own; while all do, whoever has its answer takes the next message.
    """

    say: Callable[[DueBatch, Voice, Leased, float, float], Awaitable[bool]]
    most: int
    clock: Callable[[], float] = time.monotonic
    rate: float = 0.0  # answers per second while anybody speaks, lately
    _waiting: deque[tuple[DueBatch, Voice, Leased, float, float]] = field(default_factory=deque)
    _speaking: set[asyncio.Task[None]] = field(default_factory=set)
    _answers: int = 0
    _spoken_s: float = 0.0  # how long the answers took that are not in the rate yet
    _since: float = 0.0  # somebody speaks, and this is counted up to here

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

    def look(self) -> None:
        """Measure the rate: half of it is of the time since the look before, and all of it when there was none.

        Only while somebody speaks: a wait for the database says nothing of how fast WhatsApp answers. (A wait for a
        slot does count: then the pace is the rate.)
        """
        if self._speaking:
            self._count()
        if self._spoken_s < (LOOK_S if self.rate else FIRST_LOOK_S) or not (self.rate or self._answers):
            return
        lately = self._answers / self._spoken_s
        self.rate = (self.rate + lately) / 2 if self.rate else lately
        self._answers, self._spoken_s = 0, 0.0

    async def wait(self, seconds: float) -> None:
        """Wait until all that is being said has its answer, at most so long."""
        await asyncio.wait(list(self._speaking), timeout=seconds)

    def _begin(self) -> None:
        if not self._speaking:
            self._since = self.clock()
        task = asyncio.create_task(self._speak())
        self._speaking.add(task)
        task.add_done_callback(self._ended)

    async def _speak(self) -> None:
        while self._waiting and len(self._speaking) <= self.most:
            answered = await self.say(*self._waiting.popleft())
            self._answers += answered

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._speaking.discard(task)
        if not self._speaking:
            self._count()
        if self._waiting and len(self._speaking) < self.most:  # it failed, or something was added just as it ended
            self._begin()

    def _count(self) -> None:
        now = self.clock()
        self._spoken_s += now - self._since
        self._since = now
