"""Add aliases to people who are known already."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.kit.db import Session
from app.kit.ids import new_id
from app.kit.sql import sql_beside
from app.people.seal import AliasKind, seal_alias
from app.runtime import TenantKeys

_add = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Addition:
    """One alias for one person, who has their key still."""

    person_id: UUID
    salt: bytes = field(repr=False)
    hash: UUID
    kind: AliasKind
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Added:
    """An alias that is new."""

    alias_id: UUID
    person_id: UUID
    hash: UUID


async def add_aliases(session: Session, tenant: UUID, keys: TenantKeys, additions: Sequence[Addition]) -> list[Added]:
    """The ones that were added. An alias that somebody has already, whoever that is, stays theirs and is absent."""
    offered = {
        "tenant": tenant,
        "ids": [new_id() for _ in additions],
        "people": [one.person_id for one in additions],
        "kinds": [one.kind for one in additions],
        "hashes": [one.hash for one in additions],
        "values": [seal_alias(keys, one.salt, one.person_id, one.value) for one in additions],
    }
    return [Added(row.id, row.person_id, row.hash) for row in await session.execute(_add, offered)]
