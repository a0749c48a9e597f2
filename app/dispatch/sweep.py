"""Put right what time or a crash left behind: one statement per rule, anywhere, any number of times."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy import TextClause, text

from app.dispatch.abort import abort_stale, remove_aborted
from app.dispatch.cancel import PAGE, close_queued
from app.dispatch.finish import finish_batches
from app.dispatch.flow.record import RESEND_AFTER_S
from app.dispatch.flow.settle import Told, settle_told
from app.dispatch.states import MOST_SENDS
from app.kit.db import Database, Session
from app.kit.ids import encode
from app.kit.sql import sql_beside

log = structlog.get_logger()

_uncertain = sql_beside(__file__, "uncertain")
_overdue = text(
    "SELECT id FROM batches WHERE tenant_id = :tenant AND state IN ('scheduled', 'running', 'paused')"
    " AND expires_at <= business_now()"
)
_cancelled_late = text(
    "SELECT b.id FROM batches AS b WHERE b.tenant_id = :tenant AND b.state = 'cancelled'"
    " AND b.ended_at > clock_timestamp() - interval '7 days'"
    # not EXISTS: see `queries.due_batches`
    " AND 1 = (SELECT 1 FROM dispatch AS d WHERE d.batch_id = b.id AND d.state = 'queued' ORDER BY d.due_at LIMIT 1)"
)
_begin = text(
    "UPDATE batches SET state = 'running', started_at = clock_timestamp(), version = version + 1"
    " WHERE tenant_id = :tenant AND state = 'scheduled' AND send_at <= business_now() AND expires_at > business_now()"
    " RETURNING sender_id"
)
# Nobody was there at its time: it might be the middle of the night now, so a person decides.
_too_late = text(
    "UPDATE batches SET state = 'paused', state_reason = 'started_late', version = version + 1"
    " WHERE tenant_id = :tenant AND state = 'scheduled' AND start_late = 'pause' AND expires_at > business_now()"
    " AND send_at < business_now() - CAST(:late AS interval) RETURNING id"
)
# Every change of a limit counts up its senders' versions. Any other change asks once more, and the claim says no again.
_limit_changed = text(
    "UPDATE batches AS b SET waits_until = NULL, waits_for = NULL, version = b.version + 1 FROM senders_v1 AS s"
    " WHERE b.tenant_id = :tenant AND b.state = 'running' AND b.waits_for = 'portfolio_limit'"
    " AND b.waits_until > business_now() AND s.tenant_id = :tenant AND s.id = b.sender_id"
    " AND s.version IS DISTINCT FROM b.waits_version RETURNING b.sender_id"
)
_errors = sql_beside(__file__, "errors")
_parked = text(
    "DELETE FROM parked_statuses AS p USING messages AS m WHERE p.tenant_id = :tenant AND m.id = p.message_id"
    " AND m.tenant_id = :tenant RETURNING p.message_id, p.kind, p.provider_at, p.meta_code, p.wamid_hash, p.dedupe"
)
# WhatsApp repeats a webhook for 7 days (Meta, 2026-09); what nobody knew by then is not ours.
_forget_parked = text(
    "DELETE FROM parked_statuses WHERE tenant_id = :tenant AND parked_at < clock_timestamp() - interval '8 days'"
)
_fold = sql_beside(__file__, "fold")
_ended_without_start = text(
    "UPDATE batches SET state = 'completed', ended_at = clock_timestamp(), version = version + 1"
    " WHERE tenant_id = :tenant AND state IN ('scheduled', 'paused') AND expires_at <= business_now()"
    " AND NOT EXISTS (SELECT FROM dispatch AS d WHERE d.batch_id = batches.id)"
)

PAGES_AT_ONCE = 10  # then others get their turn; the next sweep goes on
FOLD_ABOVE = 64  # deltas per batch
STALE_UPLOAD = timedelta(seconds=60)
LATE = timedelta(minutes=15)  # after its `send_at`; the sweep itself comes every two seconds


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep of one tenant found. `senders` have a batch that became due: ring for them."""

    uncertain: int
    expired: int
    finished: int
    matched: int
    senders: tuple[UUID, ...]


async def sweep(db: Database, tenant: UUID) -> Swept:
    """Apply every rule once for one tenant, one after the other, in a few transactions: none is long."""
    async with db.begin(tenant) as session:
        named = {"tenant": tenant, "most": MOST_SENDS, "wait_s": RESEND_AFTER_S}
        uncertain = (await session.execute(_uncertain, named)).scalar_one()
    expired = await _close_queued(db, tenant, _overdue, "expired")
    # also a message that was on its way when its batch was cancelled, and came back to the queue unposted
    await _close_queued(db, tenant, _cancelled_late, "cancelled")
    async with db.begin(tenant) as session:
        await _pause_what_needs_a_person(session, tenant)
        begun = (await session.execute(_begin, {"tenant": tenant})).scalars().all()
        freed = (await session.execute(_limit_changed, {"tenant": tenant})).scalars().all()
        senders = tuple({*begun, *freed})
        finished = await finish_batches(session, tenant)
        await session.execute(_ended_without_start, {"tenant": tenant})
    async with db.begin(tenant) as session:
        await abort_stale(session, tenant, STALE_UPLOAD)
        await remove_aborted(session, tenant)
    async with db.begin(tenant) as session:
        matched = await _match_parked(session, tenant)
    async with db.begin(tenant) as session:
        await session.execute(_fold, {"tenant": tenant, "above": FOLD_ABOVE})
    swept = Swept(uncertain, expired, finished, matched, senders)
    if uncertain or expired or matched:
        log.warning("dispatch.swept", tenant_id=str(tenant), uncertain=uncertain, expired=expired, matched=matched)
    return swept


async def _pause_what_needs_a_person(session: Session, tenant: UUID) -> None:
    for batch in (await session.execute(_too_late, {"tenant": tenant, "late": LATE})).scalars():
        log.error("dispatch.paused", batch_id=encode("bat", batch), reason="started_late")
    for batch in (await session.execute(_errors, {"tenant": tenant})).scalars():
        log.error("dispatch.paused", batch_id=encode("bat", batch), reason="error_rate")


async def _close_queued(db: Database, tenant: UUID, of_batches: TextClause, state: str) -> int:
    """Messages still queued in these batches are never attempted; the caller can see it. A transaction per page."""
    total = 0
    for _ in range(PAGES_AT_ONCE):
        async with db.begin(tenant) as session:
            batches = list((await session.execute(of_batches, {"tenant": tenant})).scalars())
            closed = await close_queued(session, tenant, batches, state) if batches else 0
        total += closed
        if closed < PAGE:
            break
    return total


async def _match_parked(session: Session, tenant: UUID) -> int:
    """Statuses that came before their message was known are applied now."""
    await session.execute(_forget_parked, {"tenant": tenant})
    rows = (await session.execute(_parked, {"tenant": tenant})).all()
    told = [Told(*row) for row in rows]
    return (await settle_told(session, tenant, told)).fresh
