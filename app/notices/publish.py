"""Publish a notice, or its next version. What is published never changes."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.audit.record import record
from app.kit.db import Session
from app.kit.errors import FieldError
from app.kit.ids import encode, new_id
from app.kit.sql import sql_beside
from app.notices.errors import ChangeIsMaterial, NoticeTaken
from app.notices.models import notice_versions, notices
from app.notices.queries import Notice, Version, get_notice, get_version
from app.purposes.errors import UnknownPurpose
from app.purposes.queries import find_purpose

_make_stale = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Words:
    """What people are shown, and for which purposes (keys).

    `shown_since`: when a text that was in use before it is published here was first shown. None: it is new.
    """

    title: str
    body: str
    purposes: Sequence[str]
    shown_since: datetime | None = None


async def publish_notice(
    session: Session, tenant: UUID, *, name: str, language: str, words: Words, actor: str
) -> Notice:
    """Make a notice with its first version. Raises NoticeTaken, UnknownPurpose."""
    notice_id = new_id()
    kept = await session.execute(
        upsert(notices)
        .values(id=notice_id, tenant_id=tenant, name=name)
        .on_conflict_do_nothing(index_elements=["tenant_id", "name"])
    )
    if not kept.rowcount:
        raise NoticeTaken
    place = (notice_id, 1, language)
    await _write(session, tenant, place, words=words, change_kind="first", actor=actor)
    return await get_notice(session, tenant, notice_id)


async def publish_version(
    session: Session,
    tenant: UUID,
    notice_id: UUID,
    *,
    words: Words,
    change_kind: Literal["editorial", "material"],
    grace: timedelta,
    actor: str,
) -> Version:
    """Publish the next version, in the language of the notice.

    After a material change, what rests on any earlier version is stale when `grace` has passed; an earlier
    date that was set before stays. Raises NotFound, UnknownPurpose, ChangeIsMaterial.
    """
    # Two versions at once would take the same number: they take turns instead.
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(str(notice_id), 0))))
    latest = (await get_notice(session, tenant, notice_id)).latest
    if change_kind == "editorial" and set(words.purposes) != set(latest.purposes):
        raise ChangeIsMaterial(errors=[FieldError("/purposes", ChangeIsMaterial.code, ChangeIsMaterial.message())])
    place = (notice_id, latest.version + 1, latest.language)
    await _write(session, tenant, place, words=words, change_kind=change_kind, actor=actor)
    if change_kind == "material":
        stale = {"tenant": tenant, "notice": notice_id, "version": latest.version + 1, "grace": grace}
        await session.execute(_make_stale, stale)
    return await get_version(session, tenant, notice_id, latest.version + 1)


def hash_words(title: str, body: str) -> bytes:
    """SHA-256 of the title, two line feeds, and the body, in UTF-8: anybody can compute it again."""
    return hashlib.sha256(f"{title}\n\n{body}".encode()).digest()


async def _write(
    session: Session,
    tenant: UUID,
    place: tuple[UUID, int, str],
    *,
    words: Words,
    change_kind: str,
    actor: str,
) -> None:
    notice_id, version, language = place
    version_id = new_id()
    row = {
        "id": version_id,
        "tenant_id": tenant,
        "notice_id": notice_id,
        "version": version,
        "language": language,
        "title": words.title,
        "body": words.body,
        "sha256": hash_words(words.title, words.body),
        "purpose_ids": await _purpose_ids(session, words.purposes),
        "change_kind": change_kind,
        "shown_since": words.shown_since,
    }
    await session.execute(insert(notice_versions).values(row))
    detail = {"notice": encode("ntc", notice_id), "version": version, "change_kind": change_kind}
    object_id = encode("ntv", version_id)
    await record(session, tenant, action="notice.published", actor=actor, object_id=object_id, detail=detail)


async def _purpose_ids(session: Session, keys: Sequence[str]) -> list[int]:
    ids = set()
    for index, key in enumerate(keys):
        purpose = await find_purpose(session, key)
        if purpose is None:
            wrong = FieldError(f"/purposes/{index}", UnknownPurpose.code, UnknownPurpose.message())
            raise UnknownPurpose(errors=[wrong])
        ids.add(purpose.id)
    return sorted(ids)
