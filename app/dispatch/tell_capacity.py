"""What limits a sender now, and when one of its batches will have been sent."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any, cast
from uuid import UUID

from pydantic import MISSING
from sqlalchemy import Row

from app.dispatch.capacity_schemas import BatchEta, Capacity, LimitedBy, PortfolioBudget
from app.dispatch.pacing.eta import Load, seconds_to_send
from app.dispatch.pacing.lanes import CATEGORIES, Lane
from app.dispatch.pacing.number import Pace, Trace
from app.dispatch.permit import find_obstacle
from app.kit.db import Session
from app.kit.sql import sql_beside
from app.senders.budget import count_used
from app.senders.guard import is_allowed
from app.senders.halt import Halt, find_halts
from app.senders.queries import LineNow, Sender, get_line, get_sender
from app.senders.show_halt import show_halt
from app.settings import Settings

_running = sql_beside(__file__)
_LANES: dict[str, Lane] = {category: lane for lane, category in CATEGORIES.items()}
DAY = timedelta(hours=24)


async def tell_capacity(
    settings: Settings, session: Session, tenant: UUID, sender_id: UUID, *, batch: UUID | None
) -> Capacity:
    """The sender's limits now; with `batch` (one of the tenant's) also when that will be done. Raises NotFound."""
    sender = await get_sender(session, tenant, sender_id)
    line = await get_line(session, tenant, sender_id)
    halt = (await find_halts(session, tenant, [sender_id])).get(sender_id)
    rows = (await session.execute(_running, {"tenant": tenant, "sender": sender_id})).all()
    stop = await _stop(settings, session, tenant)
    rate = _rate(sender, line)
    budget = await _budget(session, tenant, sender)
    queued: Counter[str] = Counter(dict.fromkeys(CATEGORIES, 0))
    waiting: Counter[str] = Counter()
    for row in rows:
        queued[_LANES[row.category]] += row.queued
        if row.waits_for is not None:
            waiting[row.waits_for] += row.queued
    return Capacity(
        sender=sender.id,
        state=sender.state,
        limited_by=stop or _limited_by(sender, halt, budget, rows, rate),
        messages_per_second=sender.messages_per_second,
        effective_messages_per_second=round(rate, 2),
        draining=line.held,
        halted=MISSING if halt is None else show_halt(halt),
        portfolio=budget,
        queued=dict(queued),
        sending=sum(row.sending for row in rows),
        waiting=dict(waiting),
        batch=MISSING
        if batch is None
        else _eta(batch, rows, halt, stopped=stop is not None or sender.state != "active", budget=budget, rate=rate),
    )


async def _stop(settings: Settings, session: Session, tenant: UUID) -> LimitedBy | None:
    """What lets nothing of this tenant leave, from whichever sender."""
    if not await is_allowed(session):
        return "quarantined"
    return cast(LimitedBy | None, await find_obstacle(settings, session, tenant))


def _rate(sender: Sender, line: LineNow) -> float:
    """The pace of whoever drains now, or of the next one."""
    pace = Pace(float(sender.messages_per_second), 0.0)
    if line.rate is not None:
        pace.take_over(Trace(line.rate, line.rate_age_s or 0.0, 0.0), 0.0)
    return pace.rate


async def _budget(session: Session, tenant: UUID, sender: Sender) -> PortfolioBudget:
    limit = sender.messaging_limit
    if not sender.limited or limit is None:
        return PortfolioBudget(id=sender.portfolio_id, messaging_limit=limit, used=None, left=None, frees_at=None)
    used = await count_used(session, tenant, sender.portfolio_id)
    return PortfolioBudget(
        id=sender.portfolio_id,
        messaging_limit=limit,
        used=used.people,
        left=max(0, int(limit) - used.people),
        frees_at=used.frees_at,
    )


def _limited_by(
    sender: Sender, halt: Halt | None, budget: PortfolioBudget, rows: Sequence[Row[Any]], rate: float
) -> LimitedBy:
    """The one thing that would have to change for more to be sent now."""
    ready = [row for row in rows if row.queued and row.waits_for is None]
    if sender.state != "active":
        return "paused"
    if halt is not None:
        return "halted"
    if budget.left == 0 or any(row.waits_for == "portfolio_limit" for row in rows):
        return "portfolio_limit"
    if not ready:
        return "waiting" if any(row.waits_for for row in rows) else "nothing"
    return "slowed_down" if rate < Pace(float(sender.messages_per_second), 0.0).most else "rate"


def _eta(
    batch: UUID,
    rows: Sequence[Row[Any]],
    halt: Halt | None,
    *,
    stopped: bool,
    budget: PortfolioBudget,
    rate: float,
) -> BatchEta:
    """Nothing is promised for a batch that does not run, or while nothing may leave."""
    target = next((row for row in rows if row.id == batch), None)
    if target is None:
        return BatchEta(id=batch, left=None, sent_by=None, before_expiry=None)
    left = target.queued + target.sending
    if stopped:
        return BatchEta(id=batch, left=left, sent_by=None, before_expiry=None)
    others = [Load(_LANES[row.category], row.queued) for row in rows if row.id != batch and row.waits_for is None]
    seconds = seconds_to_send(Load(_LANES[target.category], left), others, rate=rate)
    now: datetime = target.now
    begins: datetime = max(now, now if halt is None else halt.until, target.waits_until or now)
    sent_by = begins + timedelta(seconds=seconds)
    if budget.left is not None and budget.messaging_limit is not None and left > budget.left:
        sent_by = max(sent_by, now + DAY * ceil((left - budget.left) / int(budget.messaging_limit)))
    return BatchEta(id=batch, left=left, sent_by=sent_by.astimezone(UTC), before_expiry=sent_by < target.expires_at)
