"""Publish a notice, or its next version. What is published never changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.audit.record import record
from app.kit.db import Session
from app.kit.errors import FieldError
from app.kit.ids import encode, new_id
from app.kit.sql import sql_beside
from app.notices.compare import is_material
from app.notices.errors import ChangeIsMaterial, NoticeIncomplete, NoticeTaken
from app.notices.lint import Finding, lint
from app.notices.models import notice_versions, notices
from app.notices.queries import Notice, Version, get_notice, get_version
from app.notices.words import Draft, Requirement, hash_words, pack
from app.purposes.errors import UnknownPurpose
from app.purposes.queries import Purpose, list_purposes

_make_stale = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Change:
    """How much a version changes. `requires` says what for which purpose (key); left out, new consent for all."""

    kind: Literal["editorial", "material"]
    grace: timedelta = timedelta()
    requires: Mapping[str, Requirement] | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a version stands."""

    notice_id: UUID
    version: int
    change_kind: str
    requires: Mapping[str, Requirement] | None = field(default=None)


async def publish_notice(session: Session, tenant: UUID, *, name: str, draft: Draft, actor: str) -> Notice:
    """Make a notice with its first version. Raises NoticeTaken, UnknownPurpose, NoticeIncomplete."""
    purposes = await _get_purposes(session, draft.purposes)
    _refuse_errors(lint(draft, purposes))
    notice_id = new_id()
    kept = await session.execute(
        upsert(notices)
        .values(id=notice_id, tenant_id=tenant, name=name)
        .on_conflict_do_nothing(index_elements=["tenant_id", "name"])
    )
    if not kept.rowcount:
        raise NoticeTaken
    await _write(session, tenant, _Place(notice_id, 1, "first"), draft=draft, purposes=purposes, actor=actor)
    return await get_notice(session, tenant, notice_id)


async def publish_version(
    session: Session, tenant: UUID, notice_id: UUID, *, draft: Draft, change: Change, actor: str
) -> Version:
    """Publish the next version, in the main language of the notice.

    After a material change, consents for the purposes that need a new one are stale on every earlier version when the
    grace has passed; so are those for purposes that are named no more. An earlier date that was set before stays.
    Raises NotFound, UnknownPurpose, NoticeIncomplete, ChangeIsMaterial.
    """
    # Two versions at once would take the same number: they take turns instead.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(notice_id), 0))))
    latest = (await get_notice(session, tenant, notice_id)).latest
    purposes = await _get_purposes(session, draft.purposes)
    affected = await _affected(session, latest, change, purposes)
    if change.kind == "editorial" and (pointer := is_material(latest, draft)) is not None:
        raise ChangeIsMaterial(errors=[FieldError(pointer, ChangeIsMaterial.code, ChangeIsMaterial.message())])
    _refuse_errors(lint(draft, purposes))
    place = _Place(notice_id, latest.version + 1, change.kind, change.requires)
    await _write(session, tenant, place, draft=draft, purposes=purposes, actor=actor)
    if change.kind == "material":
        stale = {"tenant": tenant, "notice": notice_id, "version": place.version, "grace": change.grace}
        covered = [purpose.id for purpose in purposes.values()]
        await session.execute(_make_stale, stale | {"affected": affected, "covered": covered})
    return await get_version(session, tenant, notice_id, place.version)


async def check_draft(session: Session, draft: Draft) -> list[Finding]:
    """What the linter says of a draft. Raises UnknownPurpose."""
    return lint(draft, await _get_purposes(session, draft.purposes))


def _refuse_errors(found: Sequence[Finding]) -> None:
    """Raises NoticeIncomplete for findings that are errors."""
    errors = [
        FieldError(one.pointer, one.code, f"{one.detail} ({one.law})") for one in found if one.severity == "error"
    ]
    if errors:
        raise NoticeIncomplete(errors=errors[:100])


async def _affected(
    session: Session, latest: Version, change: Change, purposes: Mapping[str, Purpose]
) -> list[int] | None:
    """The ids of the purposes that need a new consent; None: all. Raises UnknownPurpose for one in neither version."""
    if change.requires is None:
        return None
    before = {purpose.key: purpose for purpose in await list_purposes(session) if purpose.key in latest.purposes}
    named = before | dict(purposes)
    for index, key in enumerate(change.requires):
        if key not in named:
            at = f"/requires/{index}/purpose"
            raise UnknownPurpose(errors=[FieldError(at, UnknownPurpose.code, "Neither version covers this purpose.")])
    return sorted(named[key].id for key, what in change.requires.items() if what == "new_consent")


async def _write(
    session: Session, tenant: UUID, place: _Place, *, draft: Draft, purposes: Mapping[str, Purpose], actor: str
) -> None:
    """One row for each language; the first is the main one."""
    rows = [
        {
            "id": new_id(),
            "tenant_id": tenant,
            "notice_id": place.notice_id,
            "version": place.version,
            "main": index == 0,
            "language": words.language,
            "title": words.title,
            "body": words.body,
            "blocks": pack(words.blocks),
            "label": words.label,
            "sha256": hash_words(words),
            "purpose_ids": sorted(purpose.id for purpose in purposes.values()),
            "change_kind": place.change_kind,
            "requires": None if place.requires is None else dict(place.requires),
            "shown_since": draft.shown_since,
        }
        for index, words in enumerate(draft.renderings)
    ]
    await session.execute(insert(notice_versions), rows)
    detail = {
        "notice": encode("ntc", place.notice_id),
        "version": place.version,
        "change_kind": place.change_kind,
        "texts": {
            str(row["language"]): hash_words(words).hex() for row, words in zip(rows, draft.renderings, strict=True)
        },
    }
    object_id = encode("ntv", UUID(str(rows[0]["id"])))
    await record(session, tenant, action="notice.published", actor=actor, object_id=object_id, detail=detail)


async def _get_purposes(session: Session, keys: Sequence[str]) -> dict[str, Purpose]:
    """The active purposes of these keys. Raises UnknownPurpose, which points at the first that is none."""
    registry = {purpose.key: purpose for purpose in await list_purposes(session) if purpose.active}
    for index, key in enumerate(keys):
        if key not in registry:
            wrong = FieldError(f"/purposes/{index}", UnknownPurpose.code, UnknownPurpose.message())
            raise UnknownPurpose(errors=[wrong])
    return {key: registry[key] for key in keys}
