"""Reads of this room."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import RowMapping, text

from app.kit.db import Session
from app.kit.errors import NotFound
from app.runtime import Runtime

_find_owners = text("SELECT phone_number_id, sender_id, tenant_id FROM find_senders_v1(CAST(:numbers AS text[]))")
_stop_codes = text(
    "SELECT c.code, r.key FROM stop_codes AS c JOIN purposes_v1 AS r ON r.id = c.purpose_id"
    " WHERE c.tenant_id = :tenant AND c.code = ANY (CAST(:codes AS text[]))"
)
_list_codes = text(
    "SELECT c.id, c.code, r.key AS purpose, c.created_at FROM stop_codes AS c"
    " JOIN purposes_v1 AS r ON r.id = c.purpose_id WHERE c.tenant_id = :tenant"
    " AND (CAST(:one AS uuid) IS NULL OR c.id = CAST(:one AS uuid))"
    " AND (CAST(:after AS uuid) IS NULL OR c.id > CAST(:after AS uuid)) ORDER BY c.id LIMIT :limit"
)
_REVIEW = """
SELECT v.id, v.sender_id, coalesce(a.person_id, v.person_id) AS person_id,
       ARRAY(SELECT DISTINCT who FROM unnest(v.people || a.person_id) AS who WHERE who IS NOT NULL) AS people,
       v.fingerprint, v.reason, v.words_ct, p.key_salt, v.written_at, v.decision, v.decided_at, v.alias_id
  FROM reviews AS v
  LEFT JOIN aliases_v1 AS a ON a.tenant_id = v.tenant_id AND a.id = v.alias_id -- whose it is now
  LEFT JOIN people_v1 AS p ON p.tenant_id = v.tenant_id AND p.id = v.person_id
 WHERE v.tenant_id = :tenant
"""
_one_review = text(_REVIEW + " AND v.id = :review")
_reviews = text(
    _REVIEW
    + " AND (CAST(:open AS bool) IS NULL OR (v.decision IS NULL) = CAST(:open AS bool))"
    + " AND (CAST(:after AS uuid) IS NULL OR v.id > CAST(:after AS uuid)) ORDER BY v.id LIMIT :limit"
)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose number it is."""

    tenant: UUID
    sender_id: UUID


@dataclass(frozen=True, slots=True)
class StopCode:
    """A word behind DUR, and the purpose (a key) that it stops."""

    id: UUID
    code: str
    purpose: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Review:
    """A sentence that waits for a human, or was decided on. `words_ct` opens with the person's key, if there is one."""

    id: UUID
    sender_id: UUID
    person_id: UUID
    people: list[UUID]
    fingerprint: UUID
    reason: str
    words_ct: bytes | None = field(repr=False)
    key_salt: bytes | None = field(repr=False)
    written_at: datetime
    decision: Literal["stop", "continue"] | None
    decided_at: datetime | None
    alias_id: UUID


async def find_owners(run: Runtime, numbers: Iterable[str]) -> dict[str, Owner]:
    """By phone_number_id; a number that is not registered here is absent. One of the few reads across tenants."""
    async with run.db.begin() as session:
        rows = (await session.execute(_find_owners, {"numbers": list(numbers)})).all()
    return {row.phone_number_id: Owner(row.tenant_id, row.sender_id) for row in rows}


async def find_stop_codes(session: Session, tenant: UUID, codes: Iterable[str]) -> dict[str, str]:
    """The purposes (keys) that these folded words stop; a word that the tenant did not define is absent."""
    rows = await session.execute(_stop_codes, {"tenant": tenant, "codes": list(codes)})
    return {row.code: row.key for row in rows}


async def list_stop_codes(session: Session, tenant: UUID, *, after: UUID | None, limit: int) -> list[StopCode]:
    """The tenant's codes in the order they were made."""
    asked = {"tenant": tenant, "one": None, "after": after, "limit": limit}
    return [StopCode(**row) for row in (await session.execute(_list_codes, asked)).mappings()]


async def get_stop_code(session: Session, tenant: UUID, code_id: UUID) -> StopCode:
    """One code of the tenant. Raises NotFound."""
    asked = {"tenant": tenant, "one": code_id, "after": None, "limit": 1}
    row = (await session.execute(_list_codes, asked)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return StopCode(**row)


async def get_review(session: Session, tenant: UUID, review: UUID) -> Review:
    """One review of the tenant. Raises NotFound."""
    row = (await session.execute(_one_review, {"tenant": tenant, "review": review})).mappings().one_or_none()
    if row is None:
        raise NotFound
    return _review(row)


async def list_reviews(
    session: Session, tenant: UUID, *, undecided: bool | None, after: UUID | None, limit: int
) -> list[Review]:
    """Reviews in the order they came: all, or only those that are (not) decided."""
    asked = {"tenant": tenant, "open": undecided, "after": after, "limit": limit}
    return [_review(row) for row in (await session.execute(_reviews, asked)).mappings()]


def _review(row: RowMapping) -> Review:
    return Review(**row)
