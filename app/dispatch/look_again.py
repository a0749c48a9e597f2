"""Let retention look again at the batches of one person: something of theirs had been held back."""

from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.sql import sql_beside

_by_index = text("SET LOCAL enable_seqscan = off")  # the migration of messages_person says why
_look_again = sql_beside(__file__)


async def look_again(session: Session, tenant: UUID, person: UUID) -> None:
    """Open the batches this person has messages in for destruction again; what is gone already stays gone."""
    await session.execute(_by_index)
    await session.execute(_look_again, {"tenant": tenant, "person": person})
