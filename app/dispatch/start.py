"""Start a batch now, or at its time."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from app.dispatch.errors import BatchEmpty, BatchStateConflict, BatchUnknown, ExpiryInvalid
from app.dispatch.permit import permit_sending
from app.dispatch.queries import find_batch
from app.dispatch.states import ACTIONS, BatchState
from app.kit.clock import utc_now
from app.kit.db import Session
from app.settings import Settings

DEFAULT_LIFE = timedelta(hours=24)

_start = text(
    """
UPDATE batches
   SET state = :state, version = version + 1,
       started_at = CASE WHEN :state = 'running' THEN clock_timestamp() END,
       expires_at = coalesce(expires_at, coalesce(send_at, business_now()) + CAST(:life AS interval))
 WHERE tenant_id = :tenant AND id = :batch
"""
)


async def start(settings: Settings, session: Session, tenant: UUID, batch: UUID) -> tuple[BatchState, UUID]:
    """Start a draft: two starts are one start. Returns the state it is in now, and its sender, to ring for.

    Raises TermsAcceptanceRequired, TransferUndocumented, BatchEmpty without recipients, BatchStateConflict from a state
    that cannot start, ExpiryInvalid when it would be over before it began.
    """
    await permit_sending(settings, session, tenant)
    row = await find_batch(session, tenant, batch, lock=True)
    if row is None:
        raise BatchUnknown
    state = BatchState(row.state)
    if state in {BatchState.RUNNING, BatchState.SCHEDULED}:
        return state, row.sender_id
    if "start" not in ACTIONS[state]:
        raise BatchStateConflict(current_state=state.value, allowed_actions=ACTIONS[state])
    if row.total == 0:
        raise BatchEmpty
    now = utc_now()
    if row.expires_at is not None and row.expires_at <= max(now, row.send_at or now):
        raise ExpiryInvalid
    next_state = BatchState.SCHEDULED if row.send_at is not None and row.send_at > now else BatchState.RUNNING
    await session.execute(_start, {"tenant": tenant, "batch": batch, "state": next_state.value, "life": DEFAULT_LIFE})
    return next_state, row.sender_id
