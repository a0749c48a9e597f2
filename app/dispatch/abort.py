"""A stream that did not close counts nothing: give it up, and take its rows away."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.sql import sql_beside

_abort = text("UPDATE uploads SET state = 'aborted' WHERE tenant_id = :tenant AND id = :upload AND state = 'open'")
_abort_stale = text(
    "UPDATE uploads SET state = 'aborted' WHERE tenant_id = :tenant AND state = 'open'"
    " AND seen_at < clock_timestamp() - CAST(:age AS interval)"
)
_aborted = text(
    "SELECT id FROM uploads WHERE tenant_id = :tenant AND state = 'aborted'"
    " AND (CAST(:batch AS uuid) IS NULL OR batch_id = :batch) ORDER BY id FOR UPDATE SKIP LOCKED"
)
_remove = sql_beside(__file__)


async def abort(session: Session, tenant: UUID, upload: UUID) -> None:
    """Give up an open upload."""
    await session.execute(_abort, {"tenant": tenant, "upload": upload})


async def abort_stale(session: Session, tenant: UUID, age: timedelta) -> None:
    """Give up uploads whose reader has not been heard of for `age`: its process is gone."""
    await session.execute(_abort_stale, {"tenant": tenant, "age": age})


async def remove_aborted(session: Session, tenant: UUID, batch: UUID | None = None) -> int:
    """Remove every row of aborted uploads (of one batch, or all). Returns how many uploads were cleared."""
    found = (await session.execute(_aborted, {"tenant": tenant, "batch": batch})).all()
    for row in found:
        await session.execute(_remove, {"upload": row.id})
    return len(found)
