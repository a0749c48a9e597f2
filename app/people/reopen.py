"""Reopen a person who was erased and came back by their own act."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from app.kit.crypto import new_salt
from app.kit.db import Session
from app.people.seal import AliasKind, seal_alias
from app.runtime import TenantKeys

_people = text(
    "UPDATE people SET key_salt = :salt, erased_at = NULL, gate_version = gate_version + 1"
    " WHERE tenant_id = :tenant AND id = :person AND erased_at < CAST(:came_back_at AS timestamptz) RETURNING id"
)
_aliases = text(
    "UPDATE aliases SET value_ct = :value WHERE tenant_id = :tenant AND hash = :hash AND person_id = :person"
)


async def reopen(
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    person: UUID,
    alias: tuple[UUID, AliasKind, str],
    *,
    came_back_at: datetime,
) -> bool:
    """Give the person a new key and the alias they came back with; whether there was somebody to reopen.

    The new key opens nothing of what was before: that stays destroyed. Only an act later than the erasure counts.
    """
    hash_, _, value = alias
    salt = new_salt()
    named = {"tenant": tenant, "person": person, "salt": salt, "came_back_at": came_back_at}
    if (await session.execute(_people, named)).one_or_none() is None:
        return False
    sealed = seal_alias(keys, salt, person, value)
    await session.execute(_aliases, {"tenant": tenant, "person": person, "hash": hash_, "value": sealed})
    return True
