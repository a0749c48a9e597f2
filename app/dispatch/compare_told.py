"""Compare what webhooks told with what is kept about the messages; changes nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from app.dispatch.flow.settle import Told
from app.kit.db import Session
from app.kit.sql import sql_beside

PAGE: Final = 5_000

_compare = sql_beside(__file__)
_logged = text(
    "SELECT message_id, id, dedupe FROM delivery_events WHERE tenant_id = :tenant AND dedupe IS NOT NULL"
    " AND at >= :since AND at < :until AND (message_id, id) > (:message, :event) ORDER BY message_id, id LIMIT :size"
)
FIRST: Final = (UUID(int=0), UUID(int=0))


async def compare_told(
    session: Session, tenant: UUID, told: Sequence[Told], *, until: datetime
) -> set[tuple[UUID, str]]:
    """What differs about these messages. `told` is everything that was told about each of them until then."""
    named = {
        "tenant": tenant,
        "until": until,
        "ids": [one.message for one in told],
        "dedupes": [one.dedupe for one in told],
        "kinds": [one.kind for one in told],
        "provider_ats": [one.provider_at for one in told],
        "codes": [one.meta_code for one in told],
    }
    return {(row.message_id, row.what) for row in await session.execute(_compare, named)}


async def list_logged(
    session: Session, tenant: UUID, *, since: datetime, until: datetime, after: tuple[UUID, UUID]
) -> list[tuple[UUID, UUID, UUID]]:
    """The next page of statuses in the log that were written in that time: message, event, dedupe."""
    named = {"tenant": tenant, "since": since, "until": until, "size": PAGE}
    rows = await session.execute(_logged, named | {"message": after[0], "event": after[1]})
    return [(row.message_id, row.id, row.dedupe) for row in rows]
