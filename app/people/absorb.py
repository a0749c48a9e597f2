"""Absorb one person in another: from then on they are one, with the aliases of both."""

from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.sql import sql_beside
from app.people.seal import seal_alias, unseal_alias
from app.runtime import TenantKeys

_absorb = sql_beside(__file__)
_both = text("SELECT id, key_salt FROM people WHERE tenant_id = :tenant AND id = ANY (CAST(:people AS uuid[]))")
_sealed = text("SELECT id, value_ct FROM aliases WHERE tenant_id = :tenant AND person_id = :gone")


async def absorb(session: Session, tenant: UUID, keys: TenantKeys, *, gone: UUID, into: UUID) -> None:
    """Give `into` the aliases of `gone`, sealed anew, and whoever `gone` had absorbed before.

    The caller holds both and is alone (`still.hold_alone`). What was queued for `gone`, and what was sealed for them,
    stays theirs. Of what narrows, the narrower holds for both: the later `held_since`, and a merchant only if both are.
    """
    found = await session.execute(_both, {"tenant": tenant, "people": [gone, into]})
    salts: dict[UUID, bytes | None] = {row.id: row.key_salt for row in found}
    theirs = (await session.execute(_sealed, {"tenant": tenant, "gone": gone})).all()
    moved: dict[str, Any] = {
        "aliases": [row.id for row in theirs],
        "values": [_anew(keys, row.value_ct, (gone, salts[gone]), (into, salts[into])) for row in theirs],
    }
    await session.execute(_absorb, {"tenant": tenant, "gone": gone, "into": into} | moved)


def _anew(
    keys: TenantKeys, sealed: bytes | None, old: tuple[UUID, bytes | None], new: tuple[UUID, bytes | None]
) -> bytes | None:
    """The value sealed for its new person; None when either was erased."""
    (gone, old_salt), (into, new_salt) = old, new
    if sealed is None or old_salt is None or new_salt is None:
        return None
    return seal_alias(keys, new_salt, into, unseal_alias(keys, old_salt, gone, sealed))
