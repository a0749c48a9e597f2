"""Reads of this room."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text

from app.kit.db import Session
from app.kit.errors import NotFound


@dataclass(frozen=True, slots=True)
class Version:
    """One published version. `purposes` are keys; `stale_at` is set once a material change followed."""

    id: UUID
    notice_id: UUID
    version: int
    language: str
    title: str
    body: str
    sha256: bytes
    purposes: tuple[str, ...]
    change_kind: str
    published_at: datetime
    shown_since: datetime
    stale_at: datetime | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice and its latest version."""

    id: UUID
    name: str
    created_at: datetime
    latest: Version


_VERSION = """
SELECT v.id, v.notice_id, v.version, v.language, v.title, v.body, v.sha256,
       ARRAY(SELECT p.key FROM purposes_v1 AS p WHERE p.id = ANY (v.purpose_ids) ORDER BY p.id) AS purposes,
       v.change_kind, v.published_at, coalesce(v.shown_since, v.published_at) AS shown_since,
       s.stale_at
  FROM notice_versions AS v
  LEFT JOIN notice_staleness AS s ON s.tenant_id = v.tenant_id AND s.notice_version_id = v.id
 WHERE v.tenant_id = :tenant
"""
_one_version = text(_VERSION + " AND v.notice_id = :notice AND v.version = :version")
_latest_versions = text(
    _VERSION  # constants only  # noqa: S608
    + " AND v.notice_id = ANY (:notices) AND v.version ="
    + " (SELECT max(w.version) FROM notice_versions AS w"
    + " WHERE w.tenant_id = v.tenant_id AND w.notice_id = v.notice_id)"
)
_all_versions = text(_VERSION + " AND v.notice_id = :notice ORDER BY v.version")
_notice = text("SELECT id, name, created_at FROM notices WHERE tenant_id = :tenant AND id = :notice")
_notices = text(
    "SELECT id, name, created_at FROM notices WHERE tenant_id = :tenant"
    " AND (CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid)) ORDER BY id LIMIT :limit"
)


async def get_notice(session: Session, tenant: UUID, notice_id: UUID) -> Notice:
    """One notice of the tenant. Raises NotFound."""
    found = await session.execute(_notice, {"tenant": tenant, "notice": notice_id})
    notices = await _with_latest(session, tenant, list(found.mappings()))
    if not notices:
        raise NotFound
    return notices[0]


async def list_notices(session: Session, tenant: UUID, *, after: UUID | None, limit: int) -> list[Notice]:
    """The tenant's notices in the order they were made."""
    found = await session.execute(_notices, {"tenant": tenant, "after": after, "limit": limit})
    return await _with_latest(session, tenant, list(found.mappings()))


async def list_versions(session: Session, tenant: UUID, notice_id: UUID) -> list[Version]:
    """All versions of a notice, oldest first; they are few. Empty when there is no such notice."""
    found = await session.execute(_all_versions, {"tenant": tenant, "notice": notice_id})
    return [_version(row) for row in found.mappings()]


async def get_version(session: Session, tenant: UUID, notice_id: UUID, version: int) -> Version:
    """One version of a notice. Raises NotFound."""
    asked = {"tenant": tenant, "notice": notice_id, "version": version}
    row = (await session.execute(_one_version, asked)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return _version(row)


async def _with_latest(session: Session, tenant: UUID, rows: list[RowMapping]) -> list[Notice]:
    asked = {"tenant": tenant, "notices": [row["id"] for row in rows]}
    found = await session.execute(_latest_versions, asked)
    latest = {row["notice_id"]: _version(row) for row in found.mappings()}
    return [Notice(**row, latest=latest[row["id"]]) for row in rows]


def _version(row: RowMapping) -> Version:
    values: dict[str, Any] = dict(row)
    return Version(**values | {"purposes": tuple(row["purposes"])})
