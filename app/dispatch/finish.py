"""End batches that have nothing left to send."""

from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session

_finish = text(
    """
UPDATE batches AS b SET state = 'completed', ended_at = clock_timestamp(), version = b.version + 1
 WHERE b.tenant_id = :tenant AND b.state = 'running'
   -- two probes of an index each; NOT EXISTS would read the whole queue, every two seconds
   AND (SELECT d.id FROM dispatch AS d WHERE d.batch_id = b.id AND d.state = 'queued' ORDER BY d.due_at LIMIT 1) IS NULL
   AND (SELECT d.id FROM dispatch AS d
         WHERE d.sender_id = b.sender_id AND d.state = 'sending' AND d.batch_id = b.id
         ORDER BY d.lease_until LIMIT 1) IS NULL
"""
)


async def finish_batches(session: Session, tenant: UUID) -> int:
    """Running batches with an empty queue are completed. Later statuses still climb. Returns how many ended."""
    return (await session.execute(_finish, {"tenant": tenant})).rowcount
