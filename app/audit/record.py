"""Record one administrative act."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.audit.models import audit_events
from app.kit.db import Session
from app.kit.ids import new_id


async def record(
    session: Session,
    tenant: UUID,
    *,
    action: str,
    actor: str,
    object_id: str | None = None,
    detail: Mapping[str, Any] | None = None,
    act: UUID | None = None,
) -> None:
    """Write the act in the transaction of the act itself: both are on disk, or neither.

    `action` is `thing.past_participle`, `actor` a key's id or the name of a command, `object_id` the
    thing's id as the edge shows it. `detail` is JSON and holds no personal data and no secret. `act`: the id that
    something names already.
    """
    row = {
        "id": act or new_id(),
        "tenant_id": tenant,
        "action": action,
        "actor": actor,
        "object_id": object_id,
        "detail": dict(detail or {}),
    }
    await session.execute(insert(audit_events).values(row))
