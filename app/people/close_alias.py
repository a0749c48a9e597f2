"""Close an alias: from then on it names nobody, and its number may come to somebody else."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import update

from app.kit.db import Session
from app.people.models import aliases

ClosedReason = Literal["line_closed", "recycled", "number_changed", "user_id_changed", "wrong_number"]


async def close_alias(
    session: Session, tenant: UUID, alias: UUID, *, reason: ClosedReason, closed_at: datetime
) -> bool:
    """Whether it was open until now. The value stays sealed with the person's key, as history."""
    table = aliases.c
    done = await session.execute(
        update(aliases)
        .where(table.tenant_id == tenant, table.id == alias, table.closed_at.is_(None))
        .values(closed_at=closed_at, closed_reason=reason)
    )
    return done.rowcount == 1
