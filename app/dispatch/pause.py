"""Pause and resume: no new claims while paused; what is on its way arrives."""

from uuid import UUID

from sqlalchemy import text

from app.dispatch.errors import BatchStateConflict, BatchUnknown
from app.dispatch.permit import permit_sending
from app.dispatch.queries import find_batch
from app.dispatch.states import ACTIONS, BatchState
from app.kit.clock import utc_now
from app.kit.db import Session
from app.kit.sql import sql_beside
from app.settings import Settings

_set = text(
    # what it waited for is asked again
    "UPDATE batches SET state = :state, state_reason = :reason, waits_until = NULL, waits_for = NULL,"
    " started_at = CASE WHEN :state = 'running' THEN coalesce(started_at, clock_timestamp()) ELSE started_at END,"
    " version = version + 1 WHERE tenant_id = :tenant AND id = :batch"
)
_forgive = text(
    # what failed before somebody decided to go on is not held against the batch again
    "UPDATE batches AS b SET errors_before = c.errors, answers_before = c.answers"
    "  FROM (SELECT coalesce(sum(n) FILTER (WHERE state = 'failed'), 0) AS errors,"
    "               coalesce(sum(n) FILTER (WHERE state IN ('failed', 'sent', 'delivered', 'read')), 0) AS answers"
    "          FROM batch_counts WHERE tenant_id = :tenant AND batch_id = :batch) AS c"
    " WHERE b.tenant_id = :tenant AND b.id = :batch"
)
_stop_template = sql_beside(__file__, "template")


async def pause(session: Session, tenant: UUID, batch: UUID) -> UUID:
    """Pause a running or scheduled batch. Pausing a paused one is no error. Returns its sender."""
    return await _move(session, tenant, batch, "pause", BatchState.PAUSED, "paused_by_caller")


async def resume(settings: Settings, session: Session, tenant: UUID, batch: UUID) -> UUID:
    """Let a paused batch go on. Loses and repeats nothing: the queue is where it was. Returns its sender.

    Raises TermsAcceptanceRequired, TransferUndocumented.
    """
    await permit_sending(settings, session, tenant)
    return await _move(session, tenant, batch, "resume", BatchState.RUNNING, None)


async def stop_template(session: Session, tenant: UUID, batch: UUID, code: int, wait_s: int | None) -> None:
    """WhatsApp refused the template of this batch: every running batch that speaks in it waits.

    For `wait_s` seconds where WhatsApp names a time (132015: 3 hours), else for a person who resumes it.
    """
    named = {"tenant": tenant, "batch": batch, "reason": f"template_refused_{code}", "wait_s": wait_s}
    await session.execute(_stop_template, named)


async def _move(
    session: Session, tenant: UUID, batch: UUID, action: str, state: BatchState, reason: str | None
) -> UUID:
    row = await find_batch(session, tenant, batch, lock=True)
    if row is None:
        raise BatchUnknown
    sender: UUID = row.sender_id
    if row.state == state:
        return sender
    if action not in ACTIONS[BatchState(row.state)]:
        raise BatchStateConflict(current_state=row.state, allowed_actions=ACTIONS[BatchState(row.state)])
    if state is BatchState.RUNNING and row.started_at is None and row.send_at is not None and row.send_at > utc_now():
        state = BatchState.SCHEDULED
    await session.execute(_set, {"tenant": tenant, "batch": batch, "state": state.value, "reason": reason})
    if state is BatchState.RUNNING:
        await _forgive_errors(session, tenant, batch)
    return sender


async def _forgive_errors(session: Session, tenant: UUID, batch: UUID) -> None:
    await session.execute(_forgive, {"tenant": tenant, "batch": batch})
