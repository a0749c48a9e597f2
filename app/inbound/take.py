"""Take webhooks from the queue to read them, and say afterwards what became of them.

Taking is a lease, not a lock: the row's next turn is moved into the future and committed, so nothing is held while the
work goes on. A crash costs the rest of the lease; the work is then done again, which changes nothing that was done.
Whoever ends before its work is done lays back what it has or may have, so nothing waits for a lease but after a crash.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, any_, cast, delete, func, literal, text, update

from app.inbound.models import webhook_queue
from app.kit.sql import sql_beside
from app.runtime import Runtime

LEASE_S = 30.0  # after 15 s a look lays back what it did not begin; what it began and takes longer is read twice
PAGE_BYTES = 8 * 1024 * 1024  # about 24,000 statuses; one larger body comes alone

_take = sql_beside(__file__)
_lay_back = text(
    "UPDATE webhook_queue AS q SET tries = t.counted, due_at = clock_timestamp() + make_interval(secs => t.wait_s)"
    "  FROM unnest(CAST(:ids AS uuid[]), CAST(:tries AS int[]), CAST(:counted AS int[]), CAST(:waits AS int[]))"
    "       AS t (id, tries, counted, wait_s)"
    " WHERE q.raw_id = t.id AND q.tries = t.tries AND q.raw_id = ANY (CAST(:ids AS uuid[]))"  # not the whole queue
)
_LONGEST_WAIT_S = 3600


@dataclass(frozen=True, slots=True)
class Taken:
    """One webhook that is ours to read. `tries` counts this time; `body_ct` is None when retention took it already."""

    id: UUID
    tries: int
    received_at: datetime | None
    body_ct: bytes | None = field(repr=False)


async def take_pending(run: Runtime, limit: int, held: dict[UUID, Taken] | None = None) -> list[Taken]:
    """The next webhooks to read, `limit` and PAGE_BYTES at most; those in which people speak come first.

    `held` has them before the COMMIT: when nobody hears whether it was done, they can be laid back.
    """
    async with run.db.begin() as session:
        named = {"limit": limit, "bytes": PAGE_BYTES, "lease_s": LEASE_S}
        rows = (await session.execute(_take, named)).all()
        taken = [Taken(row.raw_id, row.tries, row.received_at, row.body_ct) for row in rows]
        if held is not None:
            held |= {one.id: one for one in taken}
    return taken


async def give_back(run: Runtime, done: Collection[UUID], failed: Collection[UUID]) -> None:
    """Take the done ones off the queue; the failed ones get another turn, later each time, an hour at most."""
    queue = webhook_queue
    wait_s = func.least(func.power(2, func.least(queue.c.tries, 12)), _LONGEST_WAIT_S)
    later = func.clock_timestamp() + wait_s * literal(timedelta(seconds=1))
    async with run.db.begin() as session:
        if done:
            await session.execute(delete(queue).where(_among(done)))
        if failed:
            await session.execute(update(queue).where(_among(failed)).values(due_at=later))


async def lay_back(run: Runtime, taken: Collection[Taken], begun: Collection[UUID], *, innocent: bool) -> None:
    """Due now, as long as nobody else took them meanwhile. What was not `begun` was not tried, either.

    What was begun comes alone the next time: it may be what failed, or took so long that this reader was told to stop.
    If it was alone already, it waits as long as what is given back: due now, it would be the first to be read again,
    and those behind it would never be. `innocent`: it did not fail, the reader was told to end, or the database went
    away. Then that try does not count, and it waits for a second only.
    """
    laid = [_laid(one, begun=one.id in begun, innocent=innocent) for one in taken]
    named = {
        "ids": [one.id for one in taken],
        "tries": [one.tries for one in taken],
        "counted": [counted for counted, _ in laid],
        "waits": [wait_s for _, wait_s in laid],
    }
    async with run.db.begin() as session:
        await session.execute(_lay_back, named)


def _laid(one: Taken, *, begun: bool, innocent: bool) -> tuple[int, int]:
    """The tries that count, and the seconds it waits."""
    if not begun:
        return one.tries - 1, 0
    if one.tries == 1:
        return 1, 0
    return (one.tries - 1, 1) if innocent else (one.tries, min(2 ** min(one.tries, 12), _LONGEST_WAIT_S))


def _among(ids: Collection[UUID]) -> ColumnElement[bool]:
    """One array, not a parameter for each of a thousand."""
    return webhook_queue.c.raw_id == any_(cast(list(ids), ARRAY(Uuid)))
