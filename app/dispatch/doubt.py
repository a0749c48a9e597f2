"""After a restore: what may have been posted in the forgotten time is uncertain, and never sent again."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.sql import sql_beside

PAGE: Final = 20_000

_doubt = sql_beside(__file__)
_count = text(
    "SELECT count(*) FROM dispatch AS d JOIN batches AS b ON b.tenant_id = d.tenant_id AND b.id = d.batch_id"
    " WHERE d.tenant_id = :tenant AND d.id < id_floor(:noticed_at)"
    " AND (d.state = 'sending' OR (b.state NOT IN ('cancelled', 'completed', 'failed')"
    " AND NOT (b.state = 'scheduled' AND b.send_at > :noticed_at)))"
)


async def count_doubtful(session: Session, tenant: UUID, noticed_at: datetime) -> int:
    """How many messages may have been posted before the restore was noticed, and not be known as such."""
    return int(await session.scalar(_count, {"tenant": tenant, "noticed_at": noticed_at}) or 0)


async def doubt(session: Session, tenant: UUID, noticed_at: datetime) -> int:
    """Make one page of them uncertain. How many; fewer than PAGE: there are no more."""
    named = {"tenant": tenant, "noticed_at": noticed_at, "most": PAGE}
    doubted: int = (await session.execute(_doubt, named)).scalar_one()
    return doubted
