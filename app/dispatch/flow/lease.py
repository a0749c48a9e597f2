"""A worker takes a page of one batch; the gate is asked again, in the transaction that claims, and then the time.

Never one statement: the first locks, the last decides with a snapshot taken under the lock. A withdrawal that
committed before the lock is therefore always seen, and one that comes later waits until the claim has committed.

Time refuses nobody, it says later: in quiet hours the whole batch waits, at the frequency cap the one message does.
So does the budget of the account: people it may still reach today are claimed, and for the others the batch waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.dispatch.held import Hold, Leased
from app.kit.db import Session, plan_once
from app.kit.sql import sql_beside
from app.purposes.contact import ContactRules
from app.senders.budget import Budget, spend, weigh

_lock = sql_beside(__file__, "lock")
_move = sql_beside(__file__)
_may = sql_beside(__file__, "may")
_wait = sql_beside(__file__, "wait")
_count = sql_beside(__file__, "count")
_held = sql_beside(__file__, "held")


@dataclass(frozen=True, slots=True)
class Page:
    """A claimed page. `seen` counts every row taken: a whole page can be refused while the line is not empty.

    `waits_until` tells that the batch waits from now on; it is then counted as one seen.
    """

    seen: int
    leased: list[Leased]
    waits_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class TimeLevel:
    """The contact rules that bind the purpose of a batch, and what time it is (business time)."""

    now: datetime
    rules: ContactRules


async def lease(
    session: Session,
    hold: Hold,
    batch: UUID,
    *,
    size: int,
    lease_s: float,
    expires_at: datetime,
    time_level: TimeLevel | None = None,
    only: Sequence[UUID] | None = None,
    budget: Budget | None = None,
    marketing: bool = False,
) -> Page:
    """Claim up to `size` queued messages of a batch (of `only` these) for posting within `lease_s` seconds.

    Nothing is seen when the line is no longer held, or nothing is due, or all of it is locked by somebody else, or the
    batch, its sender or its template must not speak now.
    `time_level` is None where no contact rule binds, `budget` where no limit of the account was told.
    `marketing`: whoever WhatsApp wants to have none of it for a day waits.
    """
    until = time_level.rules.closed_until(time_level.now) if time_level else None
    if until is not None:
        return await _put_off(session, hold, batch, "quiet_hours", until)
    caps = time_level.rules if time_level and time_level.rules.capped else None
    named = {"tenant": hold.tenant, "sender": hold.sender, "batch": batch, "owner": hold.owner, "fence": hold.fence}
    locked = (await session.execute(_lock, named | {"size": size, "only": only})).all()
    if not locked:
        return Page(0, [])
    fits, until = await _fitting(session, budget, locked)
    if not fits and until is not None:
        return await _put_off(session, hold, batch, "portfolio_limit", until)
    people = [row.person_id for row in fits]
    counts = await _counts(session, hold.tenant, caps, people, marketing=marketing)
    if not (await session.execute(_may, {"tenant": hold.tenant, "batch": batch})).scalar_one():
        return Page(0, [])
    await plan_once(session)
    page_of = {"tenant": hold.tenant, "ids": [row.id for row in fits], "people": people, "fence": hold.fence}
    rows = await session.execute(_move, page_of | {"lease_s": lease_s, "expires_at": expires_at} | counts)
    page = Page(len(fits), [Leased(*row) for row in rows])
    if budget is not None:
        person_now = {row.id: row.person_id for row in fits}
        await spend(session, budget, [person_now[message.id] for message in page.leased])
    return page


async def _counts(
    session: Session, tenant: UUID, caps: ContactRules | None, people: Sequence[UUID], *, marketing: bool
) -> dict[str, object]:
    """The caps as the second statement takes them, with what counts against them; and who is to be left alone."""
    named = {"tenant": tenant, "people": people}
    counted = [] if caps is None else (await session.execute(_count, named)).all()
    held = counted if caps is not None or not marketing else (await session.execute(_held, named)).all()
    held = [row for row in held if marketing and row.held_until is not None]
    return {
        "capped": caps is not None,
        "per_7_days": caps and caps.per_7_days,
        "per_30_days": caps and caps.per_30_days,
        "counted_people": [row.person_id for row in counted for _ in row.message_ids],
        "counted_messages": [message for row in counted for message in row.message_ids],
        "counted_at": [at for row in counted for at in row.claimed_at],
        "held_people": [row.person_id for row in held],
        "held_until": [row.held_until for row in held],
    }


async def _fitting(
    session: Session, budget: Budget | None, locked: Sequence[Row[Any]]
) -> tuple[Sequence[Row[Any]], datetime | None]:
    """The rows whose people the account may still reach today, and from when on it may reach more."""
    if budget is None:
        return locked, None
    weighed = await weigh(session, budget, [row.person_id for row in locked])
    return [row for row in locked if row.person_id in weighed.people], weighed.until


async def _put_off(session: Session, hold: Hold, batch: UUID, reason: str, until: datetime) -> Page:
    await session.execute(_wait, {"tenant": hold.tenant, "batch": batch, "until": until, "reason": reason})
    return Page(1, [], until)
