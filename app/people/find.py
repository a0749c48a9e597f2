"""Find people by the fingerprints of their aliases."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from app.kit.db import Session
from app.kit.sql import sql_beside

_find = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Known:
    """A person behind one alias. `salt` is None when the person was erased."""

    person_id: UUID
    alias_id: UUID
    salt: bytes | None = field(repr=False)


async def find_people(session: Session, tenant: UUID, hashes: Iterable[UUID]) -> dict[UUID, Known]:
    """The known ones among `hashes`; an unknown fingerprint is simply absent."""
    rows = await session.execute(_find, {"tenant": tenant, "hashes": list(hashes)})
    return {row.hash: Known(row.person_id, row.alias_id, row.key_salt) for row in rows}
