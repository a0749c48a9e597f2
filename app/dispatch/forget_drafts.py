"""Cancel drafts that nobody started for so long that their content would have to go."""

from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session

_forget = text(
    "UPDATE batches SET state = 'cancelled', state_reason = 'forgotten', ended_at = clock_timestamp(),"
    " version = version + 1 WHERE tenant_id = :tenant AND state = 'draft'"
    " AND id < id_floor(business_now() - make_interval(days => keep_days('message_content', purpose_id)))"
)


async def forget_drafts(session: Session, tenant: UUID) -> int:
    """How many were cancelled. The sweep takes their messages out of the queue, the next run destroys their content."""
    gone = await session.execute(_forget, {"tenant": tenant})
    return gone.rowcount
