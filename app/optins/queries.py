"""Reads of this room. Tenant first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import RowMapping, text

from app.kit.db import Session
from app.kit.errors import NotFound
from app.optins.words import Language, OfferKind

State = Literal["pending", "asked", "given", "awaiting_iys", "refused", "expired", "not_asked"]


@dataclass(frozen=True, slots=True)
class Offer:
    """One act that is offered to be asked. `purpose` is a key, the titles are those of the purpose."""

    id: UUID
    sender_id: UUID
    display_phone_number: str
    purpose_id: int
    purpose: str
    title_tr: str
    title_en: str
    record_kind: OfferKind
    notice_version_id: UUID
    language: Language
    consent_text: str
    question: str
    question_sha256: bytes
    words: str
    code: str
    next_id: UUID | None
    answers_start: bool
    created_at: datetime
    ended_at: datetime | None

    @property
    def title(self) -> str:
        """The purpose's title in the offer's language."""
        return self.title_tr if self.language == "tr" else self.title_en


@dataclass(frozen=True, slots=True)
class Challenge:
    """One person asked about one act, as it may be shown: no payload and no hash of one."""

    id: UUID
    person_id: UUID
    state: State
    person_wrote_at: datetime
    asked_at: datetime | None
    expires_at: datetime | None
    answered_at: datetime | None
    confirmed_at: datetime | None
    confirmed_same_day: bool | None
    refused_at: datetime | None
    attested_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """A notice version as the question names it. `purpose_ids` are those it covers."""

    title: str
    version: int
    purpose_ids: frozenset[int]


_OFFER = """
SELECT o.id, o.sender_id, s.display_phone_number, o.purpose_id, r.key AS purpose, r.title_tr, r.title_en, o.record_kind,
       o.notice_version_id, o.language, o.consent_text, o.question, o.question_sha256, o.words, o.code, o.next_id,
       o.answers_start, o.created_at, o.ended_at
  FROM opt_in_offers AS o
  JOIN purposes_v1 AS r ON r.id = o.purpose_id
  JOIN senders_v1 AS s ON s.tenant_id = o.tenant_id AND s.id = o.sender_id
 WHERE o.tenant_id = :tenant
"""
_one = text(_OFFER + " AND o.id = :offer")
_page = text(_OFFER + " AND (CAST(:after AS uuid) IS NULL OR o.id > CAST(:after AS uuid)) ORDER BY o.id LIMIT :limit")
_by_ids = text(_OFFER + " AND o.id = ANY (CAST(:ids AS uuid[]))")
_by_code = text(_OFFER + " AND o.sender_id = :sender AND o.code = :code AND o.ended_at IS NULL")
_on_start = text(_OFFER + " AND o.sender_id = :sender AND o.answers_start AND o.ended_at IS NULL")
# What nobody tapped within a day is over; nothing has to be written down for that.
_STATE = "CASE WHEN c.state = 'asked' AND c.expires_at <= business_now() THEN 'expired' ELSE c.state END"
_counts = text(
    f"SELECT {_STATE} AS state, count(*) AS many FROM opt_in_challenges AS c"  # constants only  # noqa: S608
    " WHERE c.tenant_id = :tenant AND c.offer_id = :offer GROUP BY 1"
)
_challenges = text(
    f"SELECT c.id, c.person_id, {_STATE} AS state, c.person_wrote_at, c.asked_at, c.expires_at, c.answered_at,"  # noqa: S608
    " c.confirmed_at, (c.confirmed_at AT TIME ZONE 'Europe/Istanbul')::date ="
    " (c.answered_at AT TIME ZONE 'Europe/Istanbul')::date AS confirmed_same_day, c.refused_at, c.attested_at"
    " FROM opt_in_challenges AS c WHERE c.tenant_id = :tenant AND c.offer_id = :offer"
    " AND (CAST(:one AS uuid) IS NULL OR c.id = CAST(:one AS uuid))"
    " AND (CAST(:after AS uuid) IS NULL OR c.id > CAST(:after AS uuid)) ORDER BY c.id LIMIT :limit"
)
_told = text(
    "SELECT v.title, v.version, v.purpose_ids FROM notice_words_v1 AS v WHERE v.tenant_id = :tenant AND v.id = :version"
)


async def get_offer(session: Session, tenant: UUID, offer: UUID) -> Offer:
    """One offer of the tenant. Raises NotFound."""
    row = (await session.execute(_one, {"tenant": tenant, "offer": offer})).mappings().one_or_none()
    if row is None:
        raise NotFound
    return _offer(row)


async def find_offers(session: Session, tenant: UUID, ids: Iterable[UUID]) -> dict[UUID, Offer]:
    """Offers by their ids, ended ones too; unknown ones are absent."""
    rows = await session.execute(_by_ids, {"tenant": tenant, "ids": list(ids)})
    return {row["id"]: _offer(row) for row in rows.mappings()}


async def find_offer_of_code(session: Session, tenant: UUID, sender: UUID, code: str) -> Offer | None:
    """The offer in force that a code names on this number, or None."""
    row = (await session.execute(_by_code, {"tenant": tenant, "sender": sender, "code": code})).mappings().one_or_none()
    return None if row is None else _offer(row)


async def find_offer_on_start(session: Session, tenant: UUID, sender: UUID) -> Offer | None:
    """The offer in force that START begins on this number, or None."""
    row = (await session.execute(_on_start, {"tenant": tenant, "sender": sender})).mappings().one_or_none()
    return None if row is None else _offer(row)


async def list_offers(session: Session, tenant: UUID, *, after: UUID | None, limit: int) -> list[Offer]:
    """The tenant's offers in the order they were made, ended ones too."""
    rows = await session.execute(_page, {"tenant": tenant, "after": after, "limit": limit})
    return [_offer(row) for row in rows.mappings()]


async def count_challenges(session: Session, tenant: UUID, offer: UUID) -> dict[State, int]:
    """How many people are where; states nobody is in are absent."""
    rows = await session.execute(_counts, {"tenant": tenant, "offer": offer})
    return {cast(State, row.state): row.many for row in rows}


async def list_challenges(
    session: Session, tenant: UUID, offer: UUID, *, after: UUID | None, limit: int
) -> list[Challenge]:
    """The challenges of an offer in the order they began."""
    asked = {"tenant": tenant, "offer": offer, "one": None, "after": after, "limit": limit}
    return [Challenge(**row) for row in (await session.execute(_challenges, asked)).mappings()]


async def get_challenge(session: Session, tenant: UUID, offer: UUID, challenge: UUID) -> Challenge:
    """One challenge of an offer. Raises NotFound."""
    asked = {"tenant": tenant, "offer": offer, "one": challenge, "after": None, "limit": 1}
    row = (await session.execute(_challenges, asked)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return Challenge(**row)


async def find_told(session: Session, tenant: UUID, version: UUID) -> Told | None:
    """What the question says of a notice version, or None."""
    row = (await session.execute(_told, {"tenant": tenant, "version": version})).one_or_none()
    return None if row is None else Told(row.title, row.version, frozenset(row.purpose_ids))


def _offer(row: RowMapping) -> Offer:
    values: dict[str, Any] = dict(row)
    return Offer(**values)
