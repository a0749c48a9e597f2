"""What is due on one line: its running batches that have a message now, by lane, each in its turn."""

import time
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from app.dispatch.pacing.lanes import LANES, Lane
from app.dispatch.permit import find_obstacle
from app.dispatch.queries import DUE_AT_ONCE, DueBatch, due_batches
from app.kit.db import Session
from app.kit.ids import encode
from app.runtime import Runtime

log = structlog.get_logger()

LOOK_AGAIN_S = 0.2  # how long what is due is believed (docs/performance.md has what that saves)
ASK_AGAIN_S = 1.0  # how long the answer to "may this tenant send?" is believed


@dataclass(slots=True)
class Agenda:
    """The batches of one line. A claim asks again, under its locks, whether batch, sender and template may speak.

    `fresh`: the last look asked the database, and did not believe the one before.
    """

    run: Runtime
    tenant: UUID
    sender: UUID
    fresh: bool = False
    _due: dict[Lane, list[DueBatch]] = field(default_factory=dict)
    _look_again_at: float = 0.0
    _after: dict[Lane, UUID | None] = field(default_factory=lambda: dict.fromkeys(LANES))
    _ask_again_at: float = 0.0
    _obstacle: str | None = None

    async def look(self) -> dict[Lane, list[DueBatch]]:
        """What is due in each lane, whoever was served last at the end. Callers tell `served` what they took."""
        self.fresh = not any(self._due.values()) or time.monotonic() >= self._look_again_at
        if self.fresh:
            self._due = await self._ask()
            self._look_again_at = time.monotonic() + LOOK_AGAIN_S
        return self._due

    def served(self, lane: Lane, batch: DueBatch, *, more: bool) -> None:
        """It had its turn; with `more` to send its next one comes after the others'."""
        self._after[lane] = batch.id
        self._due[lane].remove(batch)
        if more:
            self._due[lane].append(batch)

    async def _ask(self) -> dict[Lane, list[DueBatch]]:
        """Go on behind the batch that was served last, and from the beginning where few are behind it."""
        due: dict[Lane, list[DueBatch]] = {lane: [] for lane in LANES}
        async with self.run.db.begin(self.tenant) as session:
            if not await self._permitted(session):
                return due
            for batch in await due_batches(session, self.tenant, self.sender, after=self._after):
                due[batch.lane].append(batch)
            few: dict[Lane, UUID | None] = {
                lane: None for lane, after in self._after.items() if after is not None and len(due[lane]) < DUE_AT_ONCE
            }
            behind = {batch.id for batches in due.values() for batch in batches}
            for batch in await due_batches(session, self.tenant, self.sender, after=few) if few else ():
                if batch.id not in behind:
                    due[batch.lane].append(batch)
        return due

    async def _permitted(self, session: Session) -> bool:
        """Whether the tenant may send at all; asked about once a second, so terms that lapse stop what runs already."""
        now = time.monotonic()
        if now >= self._ask_again_at:
            self._obstacle = await find_obstacle(self.run.settings, session, self.tenant)
            self._ask_again_at = now + ASK_AGAIN_S
            if self._obstacle is not None:
                log.warning("dispatch.not_permitted", sender_id=encode("snd", self.sender), code=self._obstacle)
        return self._obstacle is None
