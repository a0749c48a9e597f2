"""A person as a body: masked names, what stands, what is stopped."""

import dataclasses
from typing import Any
from uuid import UUID

from pydantic import MISSING

from app.consents.queries import list_suppressions
from app.consents.standing import Standing, Stands, list_standing
from app.kit.db import Session
from app.kit.errors import NotFound
from app.people import schemas
from app.people.queries import Alias, Person, find_person, list_aliases
from app.people.seal import unseal_alias
from app.runtime import TenantKeys

MOST_STOPS = 200  # scopes x holders x kinds: there cannot be more


async def get_person(session: Session, tenant: UUID, person: UUID) -> Person:
    """The person of that id, or who they are now. Raises NotFound."""
    found = await find_person(session, tenant, person)
    if found is None:
        raise NotFound
    return found


async def show_person(session: Session, tenant: UUID, keys: TenantKeys, person: UUID) -> schemas.Person:
    """Everything that is shown of a person. Raises NotFound."""
    found = await get_person(session, tenant, person)
    stops = await list_suppressions(session, tenant, person=found.id, after=None, limit=MOST_STOPS)
    return schemas.Person.model_validate(
        {
            "id": found.id,
            "merged": found.absorbed,
            "party_type": found.party_type,
            "erased_at": found.erased_at,
            "held_since": found.held_since,
            "aliases": [_alias(keys, found, one) for one in await list_aliases(session, tenant, found.id)],
            "purposes": [_standing(one) for one in await list_standing(session, tenant, found.id)],
            "suppressions": [
                {name: getattr(stop, name) for name in ("id", "scope", "kind", "raised_by", "acted_at")}
                for stop in stops
            ],
        }
    )


def _alias(keys: TenantKeys, person: Person, alias: Alias) -> schemas.Alias:
    last4 = None
    if alias.kind != "bsuid" and alias.value_ct is not None and person.salt is not None:
        last4 = unseal_alias(keys, person.salt, person.id, alias.value_ct)[-4:]
    return schemas.Alias(
        id=alias.id,
        kind=alias.kind,
        last4=last4,
        created_at=alias.created_at,
        closed_at=alias.closed_at,
        closed_reason=alias.closed_reason,
    )


def _standing(one: Standing) -> schemas.PurposeStanding:
    return schemas.PurposeStanding(
        purpose=one.purpose,
        sendable=one.sendable,
        allowed=one.refusal is None,
        refusal=one.refusal,
        refused_for=one.refused_for,
        consent=_stands(one.consent),
        approval=_stands(one.approval),
        basis=_stands(one.basis),
    )


def _stands(one: Stands | None) -> Any:
    return MISSING if one is None else schemas.Standing(**dataclasses.asdict(one))
