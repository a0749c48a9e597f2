"""Find people by their numbers, and make the ones that are new."""

from collections.abc import Iterable, Mapping, Sequence
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
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    named: Mapping[UUID, tuple[AliasKind, str]],
    *,
    together: Iterable[Sequence[UUID]] = (),
) -> dict[UUID, Known]:
    """Every fingerprint's person; the unknown ones are made here, with the alias sealed for them.

    `named` maps a fingerprint to its alias in clear. The answer has every key of `named`. The fingerprints of a group
    in `together` are one person's: what is unknown of them goes to whom the others belong. Known ones stay as they are.
    """
    known = await find_people(session, tenant, named)
    new = {hash_: alias for hash_, alias in named.items() if hash_ not in known}
    if not new:
        return known
    await session.execute(_recognise, _offer(tenant, keys, new, _owners(new, known, together)))
    return known | await find_people(session, tenant, new)


# Whose a new alias is to be: the person, their salt, and whether they have to be made.
Owner = tuple[UUID, bytes, bool]


def _owners(new: Iterable[UUID], known: Mapping[UUID, Known], together: Iterable[Sequence[UUID]]) -> dict[UUID, Owner]:
    owners: dict[UUID, Owner] = {}
    for group in together:
        owner: Owner | None = next((owners[hash_] for hash_ in group if hash_ in owners), None)
        for one in (known[hash_] for hash_ in group if hash_ in known):
            if owner is None and one.salt is not None:
                owner = one.person_id, one.salt, False
        owner = owner or (new_id(), new_salt(), True)
        owners |= {hash_: owners.get(hash_, owner) for hash_ in group}
    return {hash_: owners.get(hash_) or (new_id(), new_salt(), True) for hash_ in new}


def _offer(
    tenant: UUID, keys: TenantKeys, new: Mapping[UUID, tuple[AliasKind, str]], owners: Mapping[UUID, Owner]
) -> dict[str, Any]:
    offered = [(hash_, kind, value, *owners[hash_]) for hash_, (kind, value) in new.items()]
    return {
        "tenant": tenant,
        "hashes": [hash_ for hash_, *_ in offered],
        "kinds": [kind for _, kind, *_ in offered],
        "people": [person for *_, person, _, _ in offered],
        "aliases": [new_id() for _ in offered],
        "salts": [salt if unborn else None for *_, salt, unborn in offered],
        "values": [seal_alias(keys, salt, person, value) for _, _, value, person, salt, _ in offered],
    }
