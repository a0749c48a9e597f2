"""Find people by their numbers, and make the ones that are new."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.kit.crypto import new_salt
from app.kit.db import Session
from app.kit.ids import new_id
from app.kit.sql import sql_beside
from app.people.find import Known, find_people
from app.people.seal import AliasKind, seal_alias
from app.runtime import TenantKeys

_recognise = sql_beside(__file__)


async def recognise(
    session: Session, tenant: UUID, keys: TenantKeys, named: Mapping[UUID, tuple[AliasKind, str]]
) -> dict[UUID, Known]:
    """Every fingerprint's person; the unknown ones are made here, with the alias sealed for them.

    `named` maps a fingerprint to its alias in clear. The answer has every key of `named`.
    """
    known = await find_people(session, tenant, named)
    new = {hash_: alias for hash_, alias in named.items() if hash_ not in known}
    if not new:
        return known
    await session.execute(_recognise, _offer(tenant, keys, new))
    return known | await find_people(session, tenant, new)


def _offer(tenant: UUID, keys: TenantKeys, new: Mapping[UUID, tuple[AliasKind, str]]) -> dict[str, Any]:
    people = [new_id() for _ in new]
    salts = [new_salt() for _ in new]
    return {
        "tenant": tenant,
        "hashes": list(new),
        "kinds": [kind for kind, _ in new.values()],
        "people": people,
        "aliases": [new_id() for _ in new],
        "salts": salts,
        "values": [
            seal_alias(keys, salt, person, value)
            for person, salt, (_, value) in zip(people, salts, new.values(), strict=True)
        ],
    }
