"""End batches that have nothing left to send."""

from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session

_finish = text(
    """
UPDATE batches AS b SET state = 'completed', ended_at = clock_timestamp(), version = b.version + 1
 WHERE b.tenant_id = :tenant AND b.state = 'running'
   AND NOT EXISTS (SELECT FROM dispatch AS d WHERE d.batch_id = b.id)
"""
)


async def finish_batches(session: Session, tenant: UUID) -> int:
    """Running batches with an empty queue are completed. Later statuses still climb. Returns how many ended."""
    return (await session.execute(_finish, {"tenant": tenant})).rowcount
