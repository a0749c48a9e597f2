"""Reads of this room."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import RowMapping, text

from app.kit.db import Session
from app.kit.errors import NotFound
from app.notices.words import Requirement, Words, render, unpack


@dataclass(frozen=True, slots=True)
class Rendering:
    """One more language of a version. It has an id of its own, so that a record can say which text was shown."""

    id: UUID
    language: str
    title: str
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Version:
    """One published version in one language. `purposes` are keys.

    `stale` says from when consents that rest on it count no more, for which purpose; `stale_at` is the first of these.
    """

    id: UUID
    notice_id: UUID
    version: int
    words: Words
    sha256: bytes
    purposes: tuple[str, ...]
    change_kind: str
    requires: Mapping[str, Requirement] | None
    published_at: datetime
    shown_since: datetime
    stale_at: datetime | None
    stale: Mapping[str, datetime]
    others: tuple[Rendering, ...]


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice and its latest version, in its main language."""

    id: UUID
    name: str
    created_at: datetime
    latest: Version


_VERSION = """
SELECT v.id, v.notice_id, v.version, v.language, v.title, v.body, v.blocks, v.label, v.sha256, v.change_kind,
       v.requires, v.published_at, coalesce(v.shown_since, v.published_at) AS shown_since,
       s.stale_at, s.stale_purposes, s.stale_times,
       ARRAY(SELECT p.key FROM purposes_v1 AS p WHERE p.id = ANY (v.purpose_ids) ORDER BY p.id) AS purposes,
       (SELECT json_agg(json_build_array(o.id, o.language, o.title, encode(o.sha256, 'hex')) ORDER BY o.language)
          FROM notice_versions AS o
         WHERE o.tenant_id = v.tenant_id AND o.notice_id = v.notice_id AND o.version = v.version
           AND o.id <> v.id) AS others
  FROM notice_versions AS v
  LEFT JOIN LATERAL (
        SELECT min(t.stale_at) AS stale_at, array_agg(p.key ORDER BY p.id) AS stale_purposes,
               array_agg(t.stale_at ORDER BY p.id) AS stale_times
          FROM purposes_v1 AS p
          JOIN LATERAL (
                SELECT min(n.stale_at) AS stale_at FROM notice_staleness AS n
                 WHERE n.tenant_id = v.tenant_id AND n.notice_version_id = v.id
                   AND (n.purpose_ids IS NULL OR p.id = ANY (n.purpose_ids))) AS t ON t.stale_at IS NOT NULL
         WHERE p.id = ANY (v.purpose_ids)) AS s ON true
 WHERE v.tenant_id = :tenant
"""
_one_version = text(
    _VERSION  # constants only
    + " AND v.notice_id = :notice AND v.version = :version"
    + " AND CASE WHEN CAST(:language AS text) IS NULL THEN v.main ELSE v.language = CAST(:language AS text) END"
)
_latest_versions = text(
    _VERSION  # constants only  # noqa: S608
    + " AND v.notice_id = ANY (:notices) AND v.main AND v.version ="
    + " (SELECT max(w.version) FROM notice_versions AS w"
    + " WHERE w.tenant_id = v.tenant_id AND w.notice_id = v.notice_id)"
)
_all_versions = text(_VERSION + " AND v.notice_id = :notice AND v.main ORDER BY v.version")
_texts = text(
    "SELECT id, language, title, body, blocks, label FROM notice_versions"
    " WHERE tenant_id = :tenant AND id = ANY (CAST(:ids AS uuid[]))"
)
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


async def get_version(
    session: Session, tenant: UUID, notice_id: UUID, version: int, language: str | None = None
) -> Version:
    """One version of a notice, in its main language unless told. Raises NotFound."""
    asked = {"tenant": tenant, "notice": notice_id, "version": version, "language": language}
    row = (await session.execute(_one_version, asked)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return _version(row)


async def find_texts(session: Session, tenant: UUID, ids: Sequence[UUID]) -> dict[UUID, str]:
    """By the id of a version in one language: exactly what people were shown. Unknown ids are left out."""
    found = await session.execute(_texts, {"tenant": tenant, "ids": list(ids)})
    return {row.id: render(Words(row.language, row.title, row.body, unpack(row.blocks), row.label)) for row in found}


async def _with_latest(session: Session, tenant: UUID, rows: list[RowMapping]) -> list[Notice]:
    asked = {"tenant": tenant, "notices": [row["id"] for row in rows]}
    found = await session.execute(_latest_versions, asked)
    latest = {row["notice_id"]: _version(row) for row in found.mappings()}
    return [Notice(**row, latest=latest[row["id"]]) for row in rows]


def _version(row: RowMapping) -> Version:
    return Version(
        id=row["id"],
        notice_id=row["notice_id"],
        version=row["version"],
        words=Words(row["language"], row["title"], row["body"], unpack(row["blocks"]), row["label"]),
        sha256=row["sha256"],
        purposes=tuple(row["purposes"]),
        change_kind=row["change_kind"],
        requires=_json(row["requires"]),
        published_at=row["published_at"],
        shown_since=row["shown_since"],
        stale_at=row["stale_at"],
        stale=dict(zip(row["stale_purposes"] or (), row["stale_times"] or (), strict=True)),
        others=tuple(
            Rendering(UUID(id_), language, title, bytes.fromhex(digest))
            for id_, language, title, digest in _json(row["others"]) or ()
        ),
    )


def _json(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, str | bytes) else value
