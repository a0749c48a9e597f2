"""Reads of this room. Tenant first."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.people.seal import AliasKind


@dataclass(frozen=True, slots=True)
class Person:
    """A person as they stand. `salt` is None when they were erased; `absorbed` are those who turned out to be them."""

    id: UUID
    salt: bytes | None = field(repr=False)
    erased_at: datetime | None
    held_since: datetime | None
    party_type: str
    party_event_id: UUID | None
    absorbed: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Alias:
    """What a person is, or was, reached by; still sealed."""

    id: UUID
    kind: AliasKind
    hash: UUID
    value_ct: bytes | None = field(repr=False)
    created_at: datetime
    closed_at: datetime | None
    closed_reason: str | None


_person = text(
    """
SELECT p.id, p.key_salt AS salt, p.erased_at, p.held_since, p.party_type, p.party_event_id,
       ARRAY(SELECT m.id FROM people AS m
              WHERE m.tenant_id = :tenant AND m.merged_into = p.id ORDER BY m.id) AS absorbed
  FROM people AS q
  JOIN people AS p ON p.tenant_id = q.tenant_id AND p.id = coalesce(q.merged_into, q.id)
 WHERE q.tenant_id = :tenant AND q.id = :person
"""
)
_aliases = text(
    """
SELECT id, kind, hash, value_ct, created_at, closed_at, closed_reason
  FROM aliases WHERE tenant_id = :tenant AND person_id = :person ORDER BY id
"""
)


async def find_person(session: Session, tenant: UUID, person: UUID) -> Person | None:
    """The person of that id, or who they are now if they were absorbed; None when the tenant has no such person."""
    row = (await session.execute(_person, {"tenant": tenant, "person": person})).mappings().one_or_none()
    if row is None:
        return None
    values: dict[str, Any] = dict(row)
    return Person(**values | {"absorbed": tuple(values["absorbed"])})


async def list_aliases(session: Session, tenant: UUID, person: UUID) -> list[Alias]:
    """Everything a person is known by, closed ones too, in the order they were learned."""
    rows = await session.execute(_aliases, {"tenant": tenant, "person": person})
    return [Alias(**row) for row in rows.mappings()]
