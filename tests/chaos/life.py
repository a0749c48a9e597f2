"""Batches that are paused, resumed and cancelled while things break; and what no worker may do with them meanwhile."""

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import httpx

from app.kit.ids import decode
from tests.chaos.load import Load

EACH = 3  # so many are paused, and so many cancelled
SIZE = 40  # recipients; a line needs a second for them, and shares it with its other batches
PAUSED_S = 3.0  # longer than a page that was claimed before needs to be posted


@dataclass(frozen=True, slots=True)
class Stop:
    """A batch that must not move: since the COMMIT of its pause or its end, until somebody asked to resume it."""

    batch: UUID
    since: datetime
    until: datetime | None = None  # None: it was cancelled


@dataclass(slots=True)
class Life:
    """Pauses and cancels in turn, spread over the load. `stops` holds what was answered."""

    load: Load
    stops: list[Stop] = field(default_factory=list)

    async def live(self) -> None:
        """One small batch after the other."""
        for number in range(2 * EACH):
            while await self.load.done() * (2 * EACH + 1) < (number + 1) * self.load.messages:
                await asyncio.sleep(0.1)
            batch = await self.load.accept(f"life-{number}", number, SIZE)
            await (self._cancel(batch) if number % 2 else self._pause(batch))

    async def _pause(self, batch: str) -> None:
        if not await self._ask(batch, "pause"):
            return
        since = await self._changed_at(batch)
        await asyncio.sleep(PAUSED_S)
        until = (await self.load.stack.ask("SELECT clock_timestamp() AS now"))[0]["now"]
        self.stops.append(Stop(decode("bat", batch), since, until))
        await self._ask(batch, "resume")

    async def _cancel(self, batch: str) -> None:
        if await self._ask(batch, "cancel"):
            self.stops.append(Stop(decode("bat", batch), await self._changed_at(batch)))

    async def _changed_at(self, batch: str) -> datetime:
        """When the row's last change was committed: the pause, or the end, for nothing else changes it now."""
        rows = await self.load.stack.ask(
            "SELECT pg_xact_commit_timestamp(xmin) AS at FROM batches WHERE id = $1", decode("bat", batch)
        )
        at: datetime = rows[0]["at"]
        return at

    async def _ask(self, batch: str, action: str) -> bool:
        """Ask until there is an answer: twice is once. False when the batch had ended before."""
        stack = self.load.stack
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                answer = await stack.client.post(f"/v1/batches/{batch}/{action}")
                if answer.is_success or answer.status_code == 409:
                    return answer.is_success
                if answer.status_code == 500:
                    stack.odd.append(f"the API answered 500 to {action}")
            await asyncio.sleep(0.2)
        raise RuntimeError(f"{action} {batch}: no answer for 90 s")


async def moved_while_stopped(load: Load, stops: list[Stop]) -> list[str]:
    """No claim of a batch commits after its pause or its end did, by PostgreSQL's own times; and an end is the end."""
    rows = await load.stack.ask(
        "SELECT count(*)::int AS n FROM delivery_events AS e JOIN messages AS m ON m.id = e.message_id"
        " JOIN unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) AS s (batch, since, until)"
        "   ON s.batch = m.batch_id WHERE e.kind = 'sending' AND pg_xact_commit_timestamp(e.xmin) > s.since"
        "  AND pg_xact_commit_timestamp(e.xmin) < coalesce(s.until, 'infinity')",
        [stop.batch for stop in stops],
        [stop.since for stop in stops],
        [stop.until for stop in stops],
    )
    wrong = [f"{rows[0]['n']} claims committed after a pause or a cancellation"] if rows[0]["n"] else []
    ended = [stop.batch for stop in stops if stop.until is None]
    alive = await load.stack.ask("SELECT id FROM batches WHERE id = ANY ($1) AND state <> 'cancelled'", ended)
    return wrong + [f"{row['id']} was cancelled, and is not" for row in alive]
