"""Cancel: what is still queued never leaves; what is on its way arrives and is counted."""

from uuid import UUID

from sqlalchemy import text

from app.dispatch.errors import BatchStateConflict, BatchUnknown
from app.dispatch.queries import find_batch
from app.dispatch.states import ACTIONS, BatchState
from app.kit.db import Session
from app.kit.sql import sql_beside

_close = text(
    "UPDATE batches SET state = 'cancelled', ended_at = clock_timestamp(), version = version + 1"
    " WHERE tenant_id = :tenant AND id = :batch"
)
_cancel = sql_beside(__file__)

PAGE = 20_000


async def cancel(session: Session, tenant: UUID, batch: UUID) -> None:
    """Cancel a batch that has not ended. Cancelling a cancelled one is no error."""
    row = await find_batch(session, tenant, batch, lock=True)
    if row is None:
        raise BatchUnknown
    state = BatchState(row.state)
    if state is BatchState.CANCELLED:
        return
    if "cancel" not in ACTIONS[state]:
        raise BatchStateConflict(current_state=state.value, allowed_actions=ACTIONS[state])
    await session.execute(_close, {"tenant": tenant, "batch": batch})
    await close_queued(session, tenant, [batch], "cancelled")


async def close_queued(session: Session, tenant: UUID, batches: list[UUID], state: str) -> int:
    """Take one page of what is queued in these batches out of the queue, as `cancelled` or `expired`. How many.

    Of a cancelled batch nothing is claimed any more, so the sweep can take the other pages.
    """
    named = {"tenant": tenant, "batches": batches, "state": state, "reason": state, "most": PAGE}
    closed: int = (await session.execute(_cancel, named)).scalar_one()
    return closed
