"""Issue an API key. The text of it exists once, in the answer."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert

from app.audit.record import record
from app.kit.db import Session
from app.kit.ids import encode, new_id
from app.tenants.api_keys import make_key
from app.tenants.models import api_keys
from app.tenants.queries import ApiKey, get_key


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key and, this one time, its text."""

    key: ApiKey
    text: str = field(repr=False)


async def issue_key(
    session: Session, tenant: UUID, *, name: str, scopes: Iterable[str], expires_at: datetime, actor: str
) -> IssuedKey:
    """Make a key for the tenant. Whether the scopes exist, and may be handed on, is for the caller to
    have asked.
    """
    fresh, key_id = make_key(), new_id()
    row = {
        "id": key_id,
        "tenant_id": tenant,
        "public_id": fresh.public_id,
        "secret_hash": fresh.secret_hash,
        "name": name,
        "scopes": sorted(set(scopes)),
        "expires_at": expires_at,
    }
    await session.execute(insert(api_keys).values(row))
    detail = {"scopes": row["scopes"], "expires_at": expires_at.isoformat()}
    await record(session, tenant, action="api_key.issued", actor=actor, object_id=encode("key", key_id), detail=detail)
    return IssuedKey(await get_key(session, tenant, key_id), fresh.text)
