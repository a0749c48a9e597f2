"""`/v1/terms`: the operator's documents, and their acceptance by the tenant."""

import difflib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, cast

from fastapi import APIRouter, Path, Response
from pydantic import MISSING

from app.kit.errors import NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.tenants.door import Transaction, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.name_actor import name_actor
from app.tenants.remember import Repeatable, answer_with, once
from app.terms import queries, schemas
from app.terms.accept import Accepting, Signatory, accept_terms, open_signatory
from app.terms.bundle import as_of, bundle, hash_bundle, in_force, render
from app.terms.errors import TermsDiffer, TermsSuperseded

router = APIRouter(prefix="/v1/terms", tags=["terms"])

Reading = Annotated[Transaction, reads("terms:read")]
Writing = Annotated[Transaction, writes("terms:write")]


@router.get("", response_model=schemas.TermsPage)
async def list_terms(tx: Reading) -> schemas.TermsPage:
    """List the operator's documents: what is in force, what is coming, and what you accepted. They fit in one page."""
    versions = await queries.list_versions(tx.session)
    accepted = await queries.find_accepted(tx.session, tx.tenant)
    now = await queries.business_time(tx.session)
    documents = dict.fromkeys(version.document for version in versions)
    data = [_document(versions, document, accepted.get(document), now) for document in documents]
    return schemas.TermsPage(data=data, next_cursor=None, has_more=False)


@router.get("/announcements", response_model=schemas.TermsAnnouncementPage)
async def list_terms_announcements(tx: Reading, asked: AskedPage) -> schemas.TermsAnnouncementPage:
    """List what was announced to you, and when: thirty days or more before a change comes into force."""
    page = await list_page(
        tx, asked, lambda after, limit: queries.list_announcements(tx.session, tx.tenant, after=after, limit=limit)
    )
    versions = await queries.list_versions(tx.session)
    by_id = {version.id: version for version in versions}
    now = await queries.business_time(tx.session)
    data = [
        schemas.TermsAnnouncement(
            id=row.id, terms=_version(versions, by_id[row.terms_version_id], now), announced_at=row.announced_at
        )
        for row in page.rows
    ]
    return schemas.TermsAnnouncementPage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


@router.post(
    "/acceptances",
    status_code=201,
    response_model=schemas.TermsAcceptance,
    responses=declares(NotFound, TermsDiffer, TermsSuperseded),
)
async def accept_terms_version(request: Repeatable, tx: Writing, body: schemas.NewTermsAcceptance) -> Response:
    """Accept a version for your company, with everything it incorporates, as it was read.

    It binds the company and is no consent of any person. What is accepted is pinned by version and hash.
    """

    async def work() -> Answer:
        acceptance = await accept_terms(
            tx.session,
            tx.tenant,
            tx.keys,
            Accepting(body.document, body.version, bytes.fromhex(body.bundle_sha256)),
            by=Signatory(body.accepted_by.name, body.accepted_by.role),
            api_key_id=tx.caller.key_id,
            actor=name_actor(tx.caller),
        )
        place = f"/v1/terms/acceptances/{encode('tac', acceptance.id)}"
        return answer_with(201, _acceptance(tx, acceptance), location=place)

    return await once(tx, request, work)


@router.get("/acceptances", response_model=schemas.TermsAcceptancePage)
async def list_terms_acceptances(tx: Reading, asked: AskedPage) -> schemas.TermsAcceptancePage:
    """List what was accepted for your company, by whom and when."""
    page = await list_page(
        tx, asked, lambda after, limit: queries.list_acceptances(tx.session, tx.tenant, after=after, limit=limit)
    )
    data = [_acceptance(tx, row) for row in page.rows]
    return schemas.TermsAcceptancePage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


@router.get("/acceptances/{acceptance_id}", response_model=schemas.TermsAcceptance, responses=declares(NotFound))
async def get_terms_acceptance(tx: Reading, acceptance_id: schemas.AcceptanceId) -> schemas.TermsAcceptance:
    """See one acceptance."""
    return _acceptance(tx, await queries.get_acceptance(tx.session, tx.tenant, acceptance_id))


@router.get("/{document}/versions/{version}", response_model=schemas.TermsVersionText, responses=declares(NotFound))
async def get_terms_version(
    tx: Reading, document: schemas.DocumentKey, version: Annotated[int, Path(ge=1, le=2_000_000_000)]
) -> schemas.TermsVersionText:
    """Read one version: its text, what it incorporates, and what changed since the version before it."""
    versions = await queries.list_versions(tx.session)
    named = {(one.document, one.version): one for one in versions}
    found, before = named.get((document, version)), named.get((document, version - 1))
    if found is None:
        raise NotFound
    text = render(found.title, await queries.get_body(tx.session, found.id))
    earlier = None if before is None else render(before.title, await queries.get_body(tx.session, before.id))
    shown = _version(versions, found, await queries.business_time(tx.session))
    return schemas.TermsVersionText(**shown.model_dump(), text=text, diff=_diff(earlier, text))


def _diff(before: str | None, after: str) -> str:
    if before is None:
        return ""
    return "\n".join(list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm=""))[2:])


def _document(
    versions: Sequence[queries.TermsVersion], document: str, accepted: int | None, now: datetime
) -> schemas.TermsDocument:
    own = [one for one in versions if one.document == document]
    current = in_force(versions, document, now)
    missing = [one for one in own if one.version > (accepted or 0) and one.effective_from <= now]
    due_at = min((one.acceptance_due_at for one in missing), default=None)
    standing = "accepted" if due_at is None else "overdue" if due_at <= now else "open"
    return schemas.TermsDocument(
        document=document,
        in_force=MISSING if current is None else _version(versions, current, now),
        upcoming=[_version(versions, one, now) for one in own if one.effective_from > now],
        accepted_version=accepted,
        standing=cast(schemas.Standing, standing),
        due_at=due_at,
    )


def _version(all_: Sequence[queries.TermsVersion], one: queries.TermsVersion, now: datetime) -> schemas.TermsVersion:
    """A version with its bundle: as of now, or of the time nearest to now at which it is in force."""
    parts = bundle(all_, one, as_of(all_, one, now))
    return schemas.TermsVersion(
        id=one.id,
        document=one.document,
        version=one.version,
        language=one.language,
        title=one.title,
        summary=one.summary,
        sha256=one.sha256.hex(),
        bundle=[
            schemas.TermsPart(
                document=part.version.document,
                version=part.version.version,
                sha256=part.version.sha256.hex(),
                relation=cast(schemas.Relation, part.relation),
            )
            for part in parts
        ],
        bundle_sha256=hash_bundle(parts).hex(),
        announced_at=one.announced_at,
        effective_from=one.effective_from,
        acceptance_due_at=one.acceptance_due_at,
    )


def _acceptance(tx: Transaction, acceptance: queries.Acceptance) -> schemas.TermsAcceptance:
    by = open_signatory(tx.keys, acceptance)
    return schemas.TermsAcceptance(
        id=acceptance.id,
        documents=[
            schemas.TermsPart(
                document=one.document,
                version=one.version,
                sha256=one.sha256.hex(),
                relation=cast(schemas.Relation, one.relation),
            )
            for one in acceptance.documents
        ],
        bundle_sha256=acceptance.bundle_sha256.hex(),
        accepted_by=schemas.TermsSignatory(name=by.name, role=by.role),
        api_key_id=acceptance.api_key_id,
        accepted_at=acceptance.accepted_at,
    )
