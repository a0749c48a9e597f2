"""`/v1/notices`."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import MISSING

from app.kit.errors import NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.notices import queries, schemas
from app.notices.errors import ChangeIsMaterial, NoticeTaken
from app.notices.publish import Words, publish_notice, publish_version
from app.purposes.errors import UnknownPurpose
from app.tenants.door import Transaction, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.name_actor import name_actor
from app.tenants.remember import Repeatable, answer_with, once

router = APIRouter(prefix="/v1/notices", tags=["notices"])

Reading = Annotated[Transaction, reads("notices:read")]
Writing = Annotated[Transaction, writes("notices:write")]


@router.post("", status_code=201, response_model=schemas.Notice, responses=declares(NoticeTaken, UnknownPurpose))
async def create_notice(request: Repeatable, tx: Writing, body: schemas.NewNotice) -> Response:
    """Publish a notice: what people are told before they are asked. A published version never changes."""

    async def work() -> Answer:
        words = _words(body)
        actor = name_actor(tx.caller)
        notice = await publish_notice(
            tx.session, tx.tenant, name=body.name, language=body.language, words=words, actor=actor
        )
        return answer_with(201, _notice(notice), location=f"/v1/notices/{encode('ntc', notice.id)}")

    return await once(tx, request, work)


@router.get("", response_model=schemas.NoticePage)
async def list_notices(tx: Reading, asked: AskedPage) -> schemas.NoticePage:
    """List the notices in the order they were made."""
    page = await list_page(
        tx, asked, lambda after, limit: queries.list_notices(tx.session, tx.tenant, after=after, limit=limit)
    )
    return schemas.NoticePage(
        data=[_notice(row) for row in page.rows], next_cursor=page.next_cursor, has_more=page.has_more
    )


@router.get("/{notice_id}", response_model=schemas.NoticeHistory, responses=declares(NotFound))
async def get_notice(tx: Reading, notice_id: schemas.NoticeId) -> schemas.NoticeHistory:
    """See one notice with all its versions."""
    notice = await queries.get_notice(tx.session, tx.tenant, notice_id)
    versions = await queries.list_versions(tx.session, tx.tenant, notice_id)
    return schemas.NoticeHistory(**_notice(notice).model_dump(), versions=[_summary(version) for version in versions])


@router.post(
    "/{notice_id}/versions",
    status_code=201,
    response_model=schemas.NoticeVersion,
    responses=declares(NotFound, ChangeIsMaterial, UnknownPurpose),
)
async def create_notice_version(
    request: Repeatable, tx: Writing, notice_id: schemas.NoticeId, body: schemas.NewNoticeVersion
) -> Response:
    """Publish the next version of a notice.

    After a material change, consents that rest on earlier versions are stale once the days of grace are over.
    """

    async def work() -> Answer:
        version = await publish_version(
            tx.session,
            tx.tenant,
            notice_id,
            words=_words(body),
            change_kind=body.change_kind,
            grace=timedelta(days=body.grace_days),
            actor=name_actor(tx.caller),
        )
        place = f"/v1/notices/{encode('ntc', notice_id)}/versions/{version.version}"
        return answer_with(201, _version(version), location=place)

    return await once(tx, request, work)


@router.get("/{notice_id}/versions/{version}", response_model=schemas.NoticeVersion, responses=declares(NotFound))
async def get_notice_version(
    tx: Reading, notice_id: schemas.NoticeId, version: Annotated[int, Path(ge=1, le=2_000_000_000)]
) -> schemas.NoticeVersion:
    """See one version as people were shown it."""
    return _version(await queries.get_version(tx.session, tx.tenant, notice_id, version))


def _words(body: schemas.NewNotice | schemas.NewNoticeVersion) -> Words:
    return Words(body.title, body.body, body.purposes, None if body.shown_since is MISSING else body.shown_since)


def _notice(notice: queries.Notice) -> schemas.Notice:
    latest = _summary(notice.latest)
    return schemas.Notice(id=notice.id, name=notice.name, created_at=notice.created_at, latest_version=latest)


def _summary(version: queries.Version) -> schemas.NoticeVersionSummary:
    return schemas.NoticeVersionSummary(**_values(version))


def _version(version: queries.Version) -> schemas.NoticeVersion:
    return schemas.NoticeVersion(**_values(version), body=version.body)


def _values(version: queries.Version) -> dict[str, Any]:
    values = asdict(version) | {"purposes": list(version.purposes), "sha256": version.sha256.hex()}
    del values["notice_id"], values["body"]
    return values
