"""`/v1/people/{id}/requests` and `/v1/requests`: what people ask, and the clock of the answer."""

from typing import Annotated, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import MISSING

from app.consents.errors import TimeOutOfRange
from app.consents.fields import PersonId, known
from app.consents.rows import time_fault
from app.kit.clock import utc_now
from app.kit.errors import FieldError, NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.people.queries import find_person
from app.subjects import errors, queries, schemas
from app.subjects.ask import LETTERS, Asked, Ground, Outcome, RequestKind, ask, close, open_text
from app.tenants.door import Transaction, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.name_actor import name_actor
from app.tenants.remember import Repeatable, answer_with, once

router = APIRouter(tags=["requests"])

Reading = Annotated[Transaction, reads("requests:read")]
Writing = Annotated[Transaction, writes("requests:write")]


@router.post(
    "/people/{person_id}/requests",
    status_code=201,
    response_model=schemas.SubjectRequest,
    responses=declares(NotFound, TimeOutOfRange),
)
async def create_request(request: Repeatable, tx: Writing, person_id: PersonId, body: schemas.NewRequest) -> Response:
    """Write down what a person asks. It has to be answered within 30 days of the day it was received."""

    async def work() -> Answer:
        now = utc_now()
        received_at = known(body.received_at) or now
        if time_fault(received_at, None, now) is not None:
            raise TimeOutOfRange(errors=[FieldError("/received_at", TimeOutOfRange.code, TimeOutOfRange.message())])
        person = await find_person(tx.session, tx.tenant, person_id)
        if person is None:
            raise NotFound
        asked = Asked(body.kind, body.channel, body.identity_check, received_at, known(body.details))
        actor = name_actor(tx.caller)
        made = await ask(tx.session, tx.tenant, tx.keys, person.id, person.salt, asked, actor=actor)
        return answer_with(201, await _show(tx, made), location=f"/v1/requests/{encode('req', made)}")

    return await once(tx, request, work)


@router.get("/requests", response_model=schemas.SubjectRequestPage)
async def list_requests(
    tx: Reading,
    asked: AskedPage,
    state: Annotated[schemas.RequestState | None, Query()] = None,
    person: Annotated[PersonId | MISSING, Query(description="Of this person only.")] = MISSING,
) -> schemas.SubjectRequestPage:
    """List requests in the order they were written down."""
    one = known(person)
    page = await list_page(
        tx,
        asked,
        lambda after, limit: queries.list_requests(
            tx.session, tx.tenant, state=state, person=one, after=after, limit=limit
        ),
        filters={"state": state, "person": None if one is None else encode("per", one)},
    )
    return schemas.SubjectRequestPage(
        data=[_shown(tx, row) for row in page.rows], next_cursor=page.next_cursor, has_more=page.has_more
    )


@router.get("/requests/{request_id}", response_model=schemas.SubjectRequest, responses=declares(errors.RequestUnknown))
async def get_request(tx: Reading, request_id: schemas.RequestId) -> schemas.SubjectRequest:
    """See one request, with the person's words and the answer."""
    return await _show(tx, request_id)


@router.post(
    "/requests/{request_id}/answer",
    response_model=schemas.SubjectRequest,
    responses=declares(errors.RequestUnknown, errors.RequestClosed),
)
async def answer_request(
    request: Repeatable, tx: Writing, request_id: schemas.RequestId, body: schemas.RequestAnswer
) -> Response:
    """Close a request: the person was answered."""

    async def work() -> Answer:
        return await _close(tx, request_id, "answered", body.outcome, known(body.answer))

    return await once(tx, request, work)


@router.post(
    "/requests/{request_id}/refuse",
    response_model=schemas.SubjectRequest,
    responses=declares(errors.RequestUnknown, errors.RequestClosed),
)
async def refuse_request(
    request: Repeatable, tx: Writing, request_id: schemas.RequestId, body: schemas.RequestRefusal
) -> Response:
    """Close a request with a reasoned refusal. The person may complain to the Board within 30 days (article 14)."""

    async def work() -> Answer:
        return await _close(tx, request_id, "refused", body.ground, body.answer)

    return await once(tx, request, work)


async def _close(
    tx: Transaction,
    request: UUID,
    state: Literal["answered", "refused"],
    outcome: Outcome | Ground,
    answer: str | None,
) -> Answer:
    await close(
        tx.session,
        tx.tenant,
        tx.keys,
        request,
        state=state,
        outcome=outcome,
        answer=answer,
        actor=name_actor(tx.caller),
    )
    return answer_with(200, await _show(tx, request))


async def _show(tx: Transaction, request: UUID) -> schemas.SubjectRequest:
    found = await queries.find_request(tx.session, tx.tenant, request)
    if found is None:
        raise errors.RequestUnknown
    return _shown(tx, found)


def _shown(tx: Transaction, found: queries.Request) -> schemas.SubjectRequest:
    return schemas.SubjectRequest(
        id=found.id,
        person=found.person_id,
        kind=cast(RequestKind, found.kind),
        article=f"6698 m.11/1-{LETTERS[found.kind]}",
        channel=found.channel,
        identity_check=found.identity_check,
        received_at=found.received_at,
        warn_at=found.warn_at,
        due_at=found.due_at,
        state=cast(schemas.RequestState, found.state),
        outcome=found.outcome,
        closed_at=found.closed_at,
        details=open_text(tx.keys, found, found.details_ct),
        answer=open_text(tx.keys, found, found.answer_ct),
    )
