"""Reads of this room. Documents are few and short lists, so they are read whole and put together in `bundle`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.errors import NotFound


@dataclass(frozen=True, slots=True)
class Incorporation:
    """A document that is part of another; `prevails`: it goes before that one where they differ."""

    document: str
    prevails: bool


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """One published version, without its text."""

    id: UUID
    document: str
    version: int
    language: str
    title: str
    summary: str | None
    sha256: bytes
    announced_at: datetime
    effective_from: datetime
    acceptance_due_at: datetime
    incorporates: tuple[Incorporation, ...]


@dataclass(frozen=True, slots=True)
class Announcement:
    """That a tenant was told of a version."""

    id: UUID
    terms_version_id: UUID
    announced_at: datetime


@dataclass(frozen=True, slots=True)
class AcceptedDocument:
    """One document of an acceptance. `relation`: `itself`, or how the incorporated one stands to it."""

    document: str
    version: int
    sha256: bytes
    relation: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """One acceptance, with everything that it pins."""

    id: UUID
    terms_version_id: UUID
    bundle_sha256: bytes
    accepted_by_ct: bytes
    api_key_id: UUID
    accepted_at: datetime
    documents: tuple[AcceptedDocument, ...]


_now = text("SELECT business_now()")
_versions = text(
    "SELECT v.id, v.document, v.version, v.language, v.title, v.summary, v.sha256, v.announced_at, v.effective_from,"
    " v.acceptance_due_at,"
    " ARRAY(SELECT i.document FROM terms_incorporations AS i WHERE i.terms_version_id = v.id ORDER BY i.place)"
    " AS parts,"
    " ARRAY(SELECT i.prevails FROM terms_incorporations AS i WHERE i.terms_version_id = v.id ORDER BY i.place)"
    " AS prevailing"
    " FROM terms_versions AS v ORDER BY v.document, v.version"
)
_body = text("SELECT body FROM terms_versions WHERE id = :id")
_accepted_versions = text(
    "SELECT v.document, max(v.version) AS version FROM terms_acceptance_documents AS a"
    " JOIN terms_versions AS v ON v.id = a.terms_version_id WHERE a.tenant_id = :tenant GROUP BY v.document"
)
_announcements = text(
    "SELECT id, terms_version_id, announced_at FROM terms_announcements WHERE tenant_id = :tenant"
    " AND (CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid)) ORDER BY id LIMIT :limit"
)
_acceptances = text(
    "SELECT id, terms_version_id, bundle_sha256, accepted_by_ct, api_key_id, accepted_at FROM terms_acceptances"
    " WHERE tenant_id = :tenant AND (CAST(:one AS uuid) IS NULL OR id = CAST(:one AS uuid))"
    " AND (CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid)) ORDER BY id LIMIT :limit"
)
_accepted_documents = text(
    "SELECT a.acceptance_id, v.document, v.version, a.sha256, a.relation FROM terms_acceptance_documents AS a"
    " JOIN terms_versions AS v ON v.id = a.terms_version_id"
    " WHERE a.tenant_id = :tenant AND a.acceptance_id = ANY (CAST(:ids AS uuid[])) ORDER BY a.acceptance_id, a.place"
)


async def business_time(session: Session) -> datetime:
    """What time it is for dates of effect."""
    now: datetime = (await session.execute(_now)).scalar_one()
    return now


async def list_versions(session: Session) -> list[TermsVersion]:
    """Every version of every document, by document and number."""
    rows = (await session.execute(_versions)).mappings()
    return [
        TermsVersion(
            **{name: value for name, value in row.items() if name not in ("parts", "prevailing")},
            incorporates=tuple(Incorporation(*one) for one in zip(row["parts"], row["prevailing"], strict=True)),
        )
        for row in rows
    ]


async def get_body(session: Session, version: UUID) -> str:
    """The body of a version that exists."""
    body: str = (await session.execute(_body, {"id": version})).scalar_one()
    return body


async def find_accepted(session: Session, tenant: UUID) -> dict[str, int]:
    """The newest version of each document that the tenant accepted, itself or as part of another."""
    rows = await session.execute(_accepted_versions, {"tenant": tenant})
    return {row.document: row.version for row in rows}


async def list_announcements(session: Session, tenant: UUID, *, after: UUID | None, limit: int) -> list[Announcement]:
    """What the tenant was told, in that order."""
    rows = await session.execute(_announcements, {"tenant": tenant, "after": after, "limit": limit})
    return [Announcement(**row) for row in rows.mappings()]


async def list_acceptances(session: Session, tenant: UUID, *, after: UUID | None, limit: int) -> list[Acceptance]:
    """The tenant's acceptances in their order."""
    return await _read_acceptances(session, tenant, None, after, limit)


async def get_acceptance(session: Session, tenant: UUID, acceptance: UUID) -> Acceptance:
    """One acceptance of the tenant. Raises NotFound."""
    found = await _read_acceptances(session, tenant, acceptance, None, 1)
    if not found:
        raise NotFound
    return found[0]


async def _read_acceptances(
    session: Session, tenant: UUID, one: UUID | None, after: UUID | None, limit: int
) -> list[Acceptance]:
    asked = {"tenant": tenant, "one": one, "after": after, "limit": limit}
    rows: Sequence[dict[str, object]] = [dict(row) for row in (await session.execute(_acceptances, asked)).mappings()]
    ids = [row["id"] for row in rows]
    pinned: dict[object, list[AcceptedDocument]] = {}
    for row in (await session.execute(_accepted_documents, {"tenant": tenant, "ids": ids})).mappings():
        values = dict(row)
        pinned.setdefault(values.pop("acceptance_id"), []).append(AcceptedDocument(**values))
    return [Acceptance(**row, documents=tuple(pinned.get(row["id"], ()))) for row in rows]  # type: ignore[arg-type]
