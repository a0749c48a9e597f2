"""Who a row speaks of: a number or a user id, in one spelling, with its fingerprint."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from app.kit.db import Session
from app.people.find import Known
from app.people.numbers import canonical_phone, canonical_user_id
from app.people.recognise import recognise
from app.people.seal import AliasKind, alias_hash
from app.runtime import TenantKeys


@dataclass(frozen=True, slots=True)
class Named:
    """One alias, ready to be looked up."""

    hash: UUID
    kind: AliasKind
    value: str = dataclasses.field(repr=False)

    @property
    def field(self) -> str:
        """The field of a row that named it."""
        return "to" if self.kind == "phone" else "user_id"


def name(keys: TenantKeys, to: str | None, user_id: str | None) -> Named | None:
    """The alias that a row names, or None when it names none, both, or something that is no number."""
    if to is not None and user_id is None:
        return _named(keys, "phone", canonical_phone(to))
    if user_id is not None and to is None:
        return _named(keys, "bsuid", canonical_user_id(user_id))
    return None


def _named(keys: TenantKeys, kind: AliasKind, value: str | None) -> Named | None:
    return None if value is None else Named(alias_hash(keys, kind, value), kind, value)


async def meet(session: Session, tenant: UUID, keys: TenantKeys, named: Iterable[Named]) -> dict[UUID, Known]:
    """Everybody's person by fingerprint; who is not known yet is made."""
    return await recognise(session, tenant, keys, {one.hash: (one.kind, one.value) for one in named})
