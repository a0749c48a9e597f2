"""What is due on one line: its running batches that have a message now, by lane, each in its turn."""

import time
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from app.dispatch.pacing.lanes import LANES, Lane
from app.dispatch.permit import find_obstacle
from app.dispatch.queries import DueBatch, due_batches
from app.kit.db import Session
from app.kit.ids import encode
from app.runtime import Runtime

log = structlog.get_logger()

LOOK_AGAIN_S = 0.2  # how long what is due is believed: looking takes as long as half a claim of 500
ASK_AGAIN_S = 1.0  # how long the answer to "may this tenant send?" is believed


@dataclass(slots=True)
class Agenda:
    """The batches of one line. Who may not send any more is also found by the claim, under its locks."""

    run: Runtime
    tenant: UUID
    sender: UUID
    _due: dict[Lane, list[DueBatch]] = field(default_factory=dict)
    _look_again_at: float = 0.0
    _after: dict[Lane, UUID | None] = field(default_factory=lambda: dict.fromkeys(LANES))
    _ask_again_at: float = 0.0
    _obstacle: str | None = None

    async def look(self) -> dict[Lane, list[DueBatch]]:
        """What is due in each lane, whoever was served last at the end. Callers tell `served` what they took."""
        if not any(self._due.values()) or time.monotonic() >= self._look_again_at:
            self._due = await self._ask()
            self._look_again_at = time.monotonic() + LOOK_AGAIN_S
        return self._due

    def served(self, lane: Lane, batch: DueBatch, *, more: bool) -> None:
        """It had its turn; with `more` to send its next one comes after the others'."""
        batches = self._due[lane]
        self._after[lane] = batch.id if len(batches) > 1 else None  # whoever is alone is next again
        batches.remove(batch)
        if more:
            batches.append(batch)

    async def _ask(self) -> dict[Lane, list[DueBatch]]:
        """Go on after the batch that was served last, and from the beginning again."""
        due: dict[Lane, list[DueBatch]] = {lane: [] for lane in LANES}
        async with self.run.db.begin(self.tenant) as session:
            if not await self._permitted(session):
                return due
            for batch in await due_batches(session, self.tenant, self.sender, after=self._after):
                due[batch.lane].append(batch)
            around: dict[Lane, UUID | None] = {
                lane: None for lane, after in self._after.items() if after is not None and not due[lane]
            }
            self._after.update(around)
            for batch in await due_batches(session, self.tenant, self.sender, after=around) if around else ():
                due[batch.lane].append(batch)
        return due

    async def _permitted(self, session: Session) -> bool:
        """Whether the tenant may send at all; asked once a second, so terms that lapse stop what runs already."""
        now = time.monotonic()
        if now >= self._ask_again_at:
            self._obstacle = await find_obstacle(self.run.settings, session, self.tenant)
            self._ask_again_at = now + ASK_AGAIN_S
            if self._obstacle is not None:
                log.warning("dispatch.not_permitted", sender_id=encode("snd", self.sender), code=self._obstacle)
        return self._obstacle is None
