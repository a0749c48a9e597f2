"""Reads of this room. Tenant first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from app.consents.models import suppressions
from app.kit.db import Session
from app.kit.errors import NotFound


@dataclass(frozen=True, slots=True)
class ConsentEvent:
    """One line of the ledger, as it may be shown. `purpose` is a key."""

    id: UUID
    record_kind: str
    act: str
    entity: str
    purpose: str | None
    purpose_version: int | None
    notice_version_id: UUID | None
    scope: str | None
    occurred_at: datetime
    recorded_at: datetime
    valid_until: datetime | None
    channel: str
    method: str | None
    iys_transaction_id: str | None
    iys_date: date | None
    evidence_digest: bytes | None
    carried_from: UUID | None
    collection_context: str | None
    language: str | None
    supersedes_id: UUID | None
    renews_id: UUID | None
    challenge_id: UUID | None
    import_id: UUID | None
    evidence_ids: Sequence[UUID] | None
    details: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What a notice version covers (ids of purposes), and since when people are shown it."""

    purposes: frozenset[int]
    since: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """Whose line of the ledger it is, and what it says: enough to refer to it."""

    person_id: UUID
    record_kind: str
    purpose_id: int | None
    act: str


@dataclass(frozen=True, slots=True)
class EvidenceObject:
    """An object that proves something, known by its hash. `physical_ref`: archive, box, folder, page."""

    id: UUID
    kind: Any
    sha256: bytes
    media_type: str
    byte_size: int
    reference: str | None
    physical_ref: Mapping[str, str] | None
    captured_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One showing or acknowledgement of a notice version in one language."""

    id: UUID
    person_id: UUID
    act: str
    notice_version_id: UUID
    language: str
    occurred_at: datetime
    recorded_at: datetime
    channel: str
    method: str | None


@dataclass(frozen=True, slots=True)
class Suppression:
    """One scope that is stopped for one person. `id` is the event that raised it."""

    id: UUID
    person_id: UUID
    scope: str
    raised_by: str
    kind: str
    acted_at: datetime


_EVIDENCE = (
    "SELECT id, kind, sha256, media_type, byte_size, reference, physical_ref, captured_at, created_at"
    " FROM evidence_objects WHERE tenant_id = :tenant"
)
_one_evidence = text(_EVIDENCE + " AND id = :id")
_all_evidence = text(
    _EVIDENCE
    + " AND (CAST(:sha256 AS bytea) IS NULL OR sha256 = CAST(:sha256 AS bytea))"
    + " AND (CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid)) ORDER BY id LIMIT :limit"
)
_shown_notices = text(
    "SELECT notice_version_id, purpose_ids, shown_since FROM notice_shown_v1"
    " WHERE tenant_id = :tenant AND notice_version_id = ANY (CAST(:ids AS uuid[]))"
)
_lines = text(
    "SELECT id, person_id, record_kind, purpose_id, act FROM consent_events"
    " WHERE tenant_id = :tenant AND id = ANY (CAST(:ids AS uuid[]))"
)
_evidence_ids = text("SELECT id FROM evidence_objects WHERE tenant_id = :tenant AND id = ANY (CAST(:ids AS uuid[]))")
_notice_version = text(
    "SELECT count(*) FROM notice_versions_v1 WHERE tenant_id = :tenant AND notice_id = :notice AND version = :version"
)
# A page of each language first: the index gives each in order, and the pages are short.
_acknowledgements = text(
    """
SELECT e.id, e.person_id, e.act, v.id AS notice_version_id, v.language, e.occurred_at, e.recorded_at, e.channel,
       e.method
  FROM notice_versions_v1 AS v
 CROSS JOIN LATERAL (
        SELECT * FROM consent_events AS l
         WHERE l.tenant_id = :tenant AND l.notice_version_id = v.id AND l.record_kind = 'notice_acknowledgement'
           AND (CAST(:after AS uuid) IS NULL OR l.id > CAST(:after AS uuid))
         ORDER BY l.id
         LIMIT :limit) AS e
 WHERE v.tenant_id = :tenant AND v.notice_id = :notice AND v.version = :version
 ORDER BY e.id
 LIMIT :limit
"""
)
_acknowledged = text(
    """
SELECT count(*) FILTER (WHERE e.act = 'shown') AS shown,
       count(*) FILTER (WHERE e.act = 'acknowledged') AS acknowledged,
       count(DISTINCT e.person_id) FILTER (WHERE e.act = 'shown') AS people_shown,
       count(DISTINCT e.person_id) FILTER (WHERE e.act = 'acknowledged') AS people_acknowledged
  FROM notice_versions_v1 AS v
  JOIN consent_events AS e
    ON e.tenant_id = v.tenant_id AND e.notice_version_id = v.id AND e.record_kind = 'notice_acknowledgement'
 WHERE v.tenant_id = :tenant AND v.notice_id = :notice AND v.version = :version
"""
)
_events = text(
    """
SELECT e.id, e.record_kind, e.act, e.entity, r.key AS purpose, e.purpose_version, e.notice_version_id, e.scope,
       e.occurred_at, e.recorded_at, e.valid_until, e.channel, e.method, e.iys_transaction_id, e.iys_date,
       e.evidence_digest, e.collection_context, e.language, e.supersedes_id, e.renews_id, e.challenge_id, e.import_id,
       e.evidence_ids, e.details, e.carried_from
  FROM consent_events AS e
  LEFT JOIN purposes_v1 AS r ON r.id = e.purpose_id
 WHERE e.tenant_id = :tenant AND e.person_id = ANY (CAST(:people AS uuid[]))
   AND (CAST(:after AS uuid) IS NULL OR e.id > CAST(:after AS uuid))
 ORDER BY e.id
 LIMIT :limit
"""
)


async def find_notices(session: Session, tenant: UUID, versions: Iterable[UUID | None]) -> dict[UUID, Shown]:
    """What each of these notice versions covers, and since when it is shown; unknown versions are absent."""
    ids = [version for version in versions if version is not None]
    if not ids:
        return {}
    rows = await session.execute(_shown_notices, {"tenant": tenant, "ids": ids})
    return {row.notice_version_id: Shown(frozenset(row.purpose_ids), row.shown_since) for row in rows}


async def find_lines(session: Session, tenant: UUID, ids: Iterable[UUID]) -> dict[UUID, Line]:
    """The lines of the ledger of these ids; unknown ones are absent."""
    wanted = list(ids)
    if not wanted:
        return {}
    rows = await session.execute(_lines, {"tenant": tenant, "ids": wanted})
    return {row.id: Line(row.person_id, row.record_kind, row.purpose_id, row.act) for row in rows}


async def find_evidence_ids(session: Session, tenant: UUID, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the ids that are evidence objects of the tenant."""
    wanted = list(ids)
    if not wanted:
        return set()
    return set(await session.scalars(_evidence_ids, {"tenant": tenant, "ids": wanted}))


async def get_evidence(session: Session, tenant: UUID, evidence: UUID) -> EvidenceObject:
    """One evidence object of the tenant. Raises NotFound."""
    row = (await session.execute(_one_evidence, {"tenant": tenant, "id": evidence})).mappings().one_or_none()
    if row is None:
        raise NotFound
    return EvidenceObject(**row)


async def list_evidence(
    session: Session, tenant: UUID, *, sha256: bytes | None, after: UUID | None, limit: int
) -> list[EvidenceObject]:
    """The tenant's evidence objects in the order they were registered, or those of one hash."""
    asked = {"tenant": tenant, "sha256": sha256, "after": after, "limit": limit}
    return [EvidenceObject(**row) for row in (await session.execute(_all_evidence, asked)).mappings()]


async def notice_version_exists(session: Session, tenant: UUID, notice: UUID, version: int) -> bool:
    """Whether the tenant's notice has a version of this number, in any language."""
    asked = {"tenant": tenant, "notice": notice, "version": version}
    return bool(await session.scalar(_notice_version, asked))


async def list_acknowledgements(
    session: Session, tenant: UUID, notice: UUID, version: int, *, after: UUID | None, limit: int
) -> list[Acknowledgement]:
    """Showings and acknowledgements of a notice version, in all its languages, in the order they were recorded."""
    asked = {"tenant": tenant, "notice": notice, "version": version, "after": after, "limit": limit}
    return [Acknowledgement(**row) for row in (await session.execute(_acknowledgements, asked)).mappings()]


async def count_acknowledgements(session: Session, tenant: UUID, notice: UUID, version: int) -> dict[str, int]:
    """`shown`, `acknowledged`, `people_shown` and `people_acknowledged` of a notice version."""
    asked = {"tenant": tenant, "notice": notice, "version": version}
    return dict((await session.execute(_acknowledged, asked)).mappings().one())


async def list_consent_events(
    session: Session, tenant: UUID, people: Iterable[UUID], *, after: UUID | None, limit: int
) -> list[ConsentEvent]:
    """A person's lines of the ledger in the order they were recorded; `people` are they and whoever they absorbed."""
    asked = {"tenant": tenant, "people": list(people), "after": after, "limit": limit}
    return [ConsentEvent(**row) for row in (await session.execute(_events, asked)).mappings()]


async def list_suppressions(
    session: Session, tenant: UUID, *, person: UUID | None = None, after: UUID | None, limit: int
) -> list[Suppression]:
    """What is stopped now, in the order it was raised; lifted ones are in the ledger only."""
    raised = suppressions.c
    wanted = (
        select(
            raised.event_id.label("id"),
            raised.person_id,
            raised.scope,
            raised.raised_by,
            raised.kind,
            raised.acted_at,
        )
        .where(raised.tenant_id == tenant, raised.act == "raised")
        .order_by(raised.event_id)
        .limit(limit)
    )
    if person is not None:
        wanted = wanted.where(raised.person_id == person)
    if after is not None:
        wanted = wanted.where(raised.event_id > after)
    return [Suppression(**row) for row in (await session.execute(wanted)).mappings()]


async def find_stopped(
    session: Session, tenant: UUID, people: Iterable[UUID], scope: str, *, raised_by: str, since: datetime
) -> set[UUID]:
    """Those of these people about whom `raised_by` has said something of this scope at that moment or later."""
    named = (suppressions.c.scope == scope, suppressions.c.raised_by == raised_by, suppressions.c.acted_at >= since)
    mine = (suppressions.c.tenant_id == tenant, suppressions.c.person_id.in_(list(people)))
    return set((await session.execute(select(suppressions.c.person_id).where(*mine, *named))).scalars())
