"""`/v1/notices`."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Response
from pydantic import MISSING, Field

from app.kit.errors import FieldError, Invalid, NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.notices import queries, schemas
from app.notices.compare import compare, diff_lines
from app.notices.errors import ChangeIsMaterial, NoticeIncomplete, NoticeTaken
from app.notices.publish import Change, check_draft, publish_notice, publish_version
from app.notices.words import Blocks, Draft, Words, pack, render
from app.purposes.errors import UnknownPurpose
from app.tenants.door import Transaction, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.name_actor import name_actor
from app.tenants.remember import Repeatable, answer_with, once

router = APIRouter(prefix="/v1/notices", tags=["notices"])

Reading = Annotated[Transaction, reads("notices:read")]
Writing = Annotated[Transaction, writes("notices:write")]
VersionNumber = Annotated[int, Path(ge=1, le=2_000_000_000)]
InLanguage = Annotated[schemas.Language | MISSING, Query(description="The main language of the notice, if left out.")]


@router.post(
    "",
    status_code=201,
    response_model=schemas.Notice,
    responses=declares(NoticeTaken, UnknownPurpose, NoticeIncomplete),
)
async def create_notice(request: Repeatable, tx: Writing, body: schemas.NewNotice) -> Response:
    """Publish a notice: what people are told before they are asked. A published version never changes.

    It needs the five blocks of article 10 of Law 6698, and may hold no consent or contract.
    """

    async def work() -> Answer:
        draft = _draft(body, body.language)
        notice = await publish_notice(tx.session, tx.tenant, name=body.name, draft=draft, actor=name_actor(tx.caller))
        return answer_with(201, _notice(notice), location=f"/v1/notices/{encode('ntc', notice.id)}")

    return await once(tx, request, work)


@router.post("/lint", response_model=schemas.NoticeFindings, responses=declares(UnknownPurpose))
async def check_notice(tx: Writing, body: schemas.NoticeDraft) -> schemas.NoticeFindings:
    """Read a draft as the law would, without publishing it: every finding has its place and its source."""
    found = await check_draft(tx.session, _draft(body, body.language))
    return schemas.NoticeFindings(
        publishable=all(one.severity != "error" for one in found),
        findings=[schemas.NoticeFinding(**asdict(one)) for one in found],
    )


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
    responses=declares(NotFound, ChangeIsMaterial, NoticeIncomplete, UnknownPurpose),
)
async def create_notice_version(
    request: Repeatable, tx: Writing, notice_id: schemas.NoticeId, body: schemas.NewNoticeVersion
) -> Response:
    """Publish the next version of a notice.

    After a material change, consents for the affected purposes that rest on earlier versions are stale once the days of
    grace are over.
    """

    async def work() -> Answer:
        main = (await queries.get_notice(tx.session, tx.tenant, notice_id)).latest.words.language
        if body.language is not MISSING and body.language != main:
            raise Invalid(errors=[FieldError("/language", "language_differs", "The notice has another main language.")])
        requires = None if body.requires is MISSING else {one.purpose: one.requires for one in body.requires}
        version = await publish_version(
            tx.session,
            tx.tenant,
            notice_id,
            draft=_draft(body, main),
            change=Change(body.change_kind, timedelta(days=body.grace_days), requires),
            actor=name_actor(tx.caller),
        )
        place = f"/v1/notices/{encode('ntc', notice_id)}/versions/{version.version}"
        return answer_with(201, _version(version), location=place)

    return await once(tx, request, work)


@router.get("/{notice_id}/versions/{version}", response_model=schemas.NoticeVersion, responses=declares(NotFound))
async def get_notice_version(
    tx: Reading, notice_id: schemas.NoticeId, version: VersionNumber, language: InLanguage = MISSING
) -> schemas.NoticeVersion:
    """See one version as people were shown it, in one language."""
    asked = None if language is MISSING else language
    return _version(await queries.get_version(tx.session, tx.tenant, notice_id, version, asked))


@router.get(
    "/{notice_id}/versions/{version}/diff", response_model=schemas.NoticeDifference, responses=declares(NotFound)
)
async def get_notice_difference(
    tx: Reading,
    notice_id: schemas.NoticeId,
    version: VersionNumber,
    since: Annotated[
        Annotated[int, Field(ge=1, le=2_000_000_000)] | MISSING,
        Query(alias="from", description="The version to compare with; the one before, if left out."),
    ] = MISSING,
    language: InLanguage = MISSING,
) -> schemas.NoticeDifference:
    """See what changed from one version to this one: part by part, and as a whole."""
    asked = None if language is MISSING else language
    other = max(1, version - 1) if since is MISSING else since
    before = await queries.get_version(tx.session, tx.tenant, notice_id, other, asked)
    after = await queries.get_version(tx.session, tx.tenant, notice_id, version, asked)
    return schemas.NoticeDifference(
        from_version=other,
        to_version=version,
        language=after.words.language,
        purposes_added=[key for key in after.purposes if key not in before.purposes],
        purposes_removed=[key for key in before.purposes if key not in after.purposes],
        parts=[schemas.NoticePartChange(**asdict(part)) for part in compare(before.words, after.words)],
        diff=diff_lines(render(before.words), render(after.words)),
    )


def _draft(body: schemas.NewNotice | schemas.NoticeDraft | schemas.NewNoticeVersion, language: str) -> Draft:
    """The draft that a body describes. Raises Invalid when a language stands there twice."""
    seen = {language}
    for index, other in enumerate(body.translations):
        if other.language in seen:
            told = "This version has a text in this language already."
            raise Invalid(errors=[FieldError(f"/translations/{index}/language", "language_taken", told)])
        seen.add(other.language)
    words = [_words(body, language), *(_words(other, other.language) for other in body.translations)]
    return Draft(body.purposes, words, None if body.shown_since is MISSING else body.shown_since)


def _words(text: schemas.NoticeText, language: str) -> Words:
    blocks = msgspec.convert(text.blocks.model_dump(), Blocks)
    return Words(language, text.title, text.body, blocks, None if text.label is MISSING else text.label)


def _notice(notice: queries.Notice) -> schemas.Notice:
    latest = _summary(notice.latest)
    return schemas.Notice(id=notice.id, name=notice.name, created_at=notice.created_at, latest_version=latest)


def _summary(version: queries.Version) -> schemas.NoticeVersionSummary:
    return schemas.NoticeVersionSummary(**_values(version))


def _version(version: queries.Version) -> schemas.NoticeVersion:
    words = version.words
    blocks = schemas.NoticeBlocks.model_validate(pack(words.blocks) or {})
    return schemas.NoticeVersion(
        **_values(version), body=words.body, blocks=blocks, label=words.label, text=render(words)
    )


def _values(version: queries.Version) -> dict[str, Any]:
    requires = (version.requires or {}).items()
    return {
        "id": version.id,
        "version": version.version,
        "language": version.words.language,
        "title": version.words.title,
        "sha256": version.sha256.hex(),
        "purposes": list(version.purposes),
        "change_kind": version.change_kind,
        "requires": [schemas.NoticeRequirement(purpose=key, requires=what) for key, what in requires],
        "published_at": version.published_at,
        "shown_since": version.shown_since,
        "stale_at": version.stale_at,
        "stale": [schemas.StalePurpose(purpose=key, stale_at=at) for key, at in version.stale.items()],
        "other_languages": [
            schemas.NoticeRendering(id=one.id, language=one.language, title=one.title, sha256=one.sha256.hex())
            for one in version.others
        ],
    }
