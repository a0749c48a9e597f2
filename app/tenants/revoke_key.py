"""Revoke an API key."""

from uuid import UUID

from sqlalchemy import func, update

from app.audit.record import record
from app.kit.db import Session
from app.kit.ids import encode
from app.tenants.models import api_keys
from app.tenants.queries import get_key


async def revoke_key(session: Session, tenant: UUID, key_id: UUID, *, actor: str) -> None:
    """End a key now; ending it again changes nothing. Raises NotFound.

    A process that has just seen the key may believe in it for `door.REMEMBER_S` more.
    """
    await get_key(session, tenant, key_id)
    revoked = await session.execute(
        update(api_keys)
        .where(api_keys.c.tenant_id == tenant, api_keys.c.id == key_id, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=func.clock_timestamp())
    )
    if revoked.rowcount:
        await record(session, tenant, action="api_key.revoked", actor=actor, object_id=encode("key", key_id))
