"""`/v1/people/{id}/export` and `/erase`, and the way back: `/v1/people/reopen`."""

from typing import Annotated, Any, Literal
from uuid import UUID

import structlog
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.audit.record import record
from app.consents.errors import NumberInvalid, TimeOutOfRange
from app.consents.fields import PersonId, known
from app.consents.rows import time_fault
from app.consents.who import name
from app.kit.clock import utc_now
from app.kit.errors import FieldError, NotAcceptable, NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode, new_id
from app.people.queries import find_person
from app.retention.errors import PersonOnHold
from app.runtime import Runtime
from app.subjects import errors, export_schemas, schemas
from app.subjects.ask import close
from app.subjects.come_back import come_back
from app.subjects.erase import Erased, erase
from app.subjects.export import write_json, write_page
from app.subjects.gather import Gathering, Subject
from app.subjects.kept import KEPT, STILL_TO_DO
from app.subjects.queries import find_request, get_absorbed
from app.subjects.words import Language
from app.tenants.door import Caller, Transaction, needs, writes
from app.tenants.keys import get_tenant_keys
from app.tenants.name_actor import name_actor
from app.tenants.remember import Repeatable, answer_with, once

log = structlog.get_logger()

router = APIRouter(prefix="/people", tags=["people"])

Erasing = Annotated[Transaction, writes("people:erase")]
Format = Literal["json", "html"]

_EXPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "model": export_schemas.PersonExport,
        "description": "Everything that is held about the person, as JSON or as a page to read.",
        "content": {"text/html": {"schema": {"type": "string"}}},
    }
}
# Other people's words in a browser: nothing in the page may run, load or be framed.
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
}


@router.post(
    "/{person_id}/export",
    response_class=StreamingResponse,
    responses=_EXPORT | declares(NotFound, errors.RequestUnknown, NotAcceptable),
)
async def export_person(
    person_id: PersonId,
    request: Request,
    caller: Annotated[Caller, needs("people:export")],
    body: schemas.NewExport,
    format: Annotated[Format | None, Query(description="Otherwise the `Accept` header decides.")] = None,  # noqa: A002
    language: Annotated[Language, Query(description="Of the texts that are ours.")] = "tr",
) -> StreamingResponse:
    """Export everything that is held about a person (article 11), numbers and values in clear.

    For every message it says whether it kept to its purpose. Each export is audited, with who and why, and carries its
    own id.
    """
    run: Runtime = request.state.run
    wanted = format or _accepted(request.headers.get("accept", "*/*"))
    mark, subject = await _take_out(run, caller, person_id, body)
    gathering = Gathering(run, subject, language)
    written = (
        write_json(gathering, mark, subject) if wanted == "json" else write_page(gathering, mark, subject, language)
    )
    kind = "application/json" if wanted == "json" else "text/html; charset=utf-8"
    filename = f'attachment; filename="{encode("exp", mark.id)}.{wanted}"'
    return StreamingResponse(written, media_type=kind, headers=_HEADERS | {"content-disposition": filename})


async def _take_out(
    run: Runtime, caller: Caller, person: UUID, body: schemas.NewExport
) -> tuple[export_schemas.ExportMark, Subject]:
    """Find the person and write the export down, before the first byte of it leaves."""
    export, answers = new_id(), known(body.request)
    mark = export_schemas.ExportMark(
        id=export,
        made_at=utc_now(),
        made_with=name_actor(caller),
        reason=body.reason,
        reference=known(body.reference),
    )
    async with run.db.begin(caller.tenant_id) as session:
        keys = await get_tenant_keys(run, session, caller.tenant_id)
        found = await find_person(session, caller.tenant_id, person)
        if found is None:
            raise NotFound
        absorbed = [await get_absorbed(session, caller.tenant_id, one) for one in found.absorbed]
        if answers is not None:
            asked = await find_request(session, caller.tenant_id, answers)
            if asked is None or asked.person_id not in (found.id, *found.absorbed):
                raise errors.RequestUnknown
        detail = {"export": encode("exp", export), "reason": body.reason, "reference": mark.reference}
        if answers is not None:
            detail["request"] = encode("req", answers)
        await record(
            session,
            caller.tenant_id,
            action="person.exported",
            actor=name_actor(caller),
            object_id=encode("per", person),
            detail=detail,
        )
    log.info("subjects.exported", export_id=encode("exp", export), reason=body.reason)
    others = tuple(Subject(caller.tenant_id, one.id, one.erased_at, keys, one.key_salt) for one in absorbed)
    return mark, Subject(caller.tenant_id, found.id, found.erased_at, keys, found.salt, others)


def _accepted(accept: str) -> Format:
    """What the `Accept` header asks for; JSON unless a page is named first. Raises NotAcceptable."""
    for part in accept.split(","):
        kind = part.split(";")[0].strip().lower()
        if kind in ("application/json", "application/*", "*/*"):
            return "json"
        if kind in ("text/html", "text/*"):
            return "html"
    raise NotAcceptable


@router.post(
    "/{person_id}/erase",
    response_model=schemas.Erasure,
    responses=declares(NotFound, errors.PersonAlreadyErased, PersonOnHold, errors.RequestUnknown, errors.RequestClosed),
)
async def erase_person(request: Repeatable, tx: Erasing, person_id: PersonId, body: schemas.NewErasure) -> Response:
    """Erase a person: from this answer on nothing more is sent, and nothing they could be read from can be opened.

    Records that the law keeps stay without name or number, and so do their stops: the number stays unreachable when it
    is imported again.
    """

    async def work() -> Answer:
        answers = known(body.request)
        if answers is not None:
            asked = await find_request(tx.session, tx.tenant, answers)
            if asked is None or asked.person_id != person_id:
                raise errors.RequestUnknown
        actor = name_actor(tx.caller)
        done = await erase(
            tx.session,
            tx.tenant,
            person_id,
            reason=body.reason,
            request=answers,
            actor=actor,
            api_key_id=tx.caller.key_id,
        )
        if answers is not None:
            await close(
                tx.session,
                tx.tenant,
                tx.keys,
                answers,
                state="answered",
                outcome="fulfilled",
                answer=None,
                actor=actor,
            )
        log.info("subjects.erased", refused=done.refused, reason=body.reason)
        return answer_with(200, _erasure(person_id, done))

    return await once(tx, request, work)


@router.post("/reopen", response_model=schemas.Reopened, responses=declares(errors.NobodyToReopen, NumberInvalid))
async def reopen_person(request: Repeatable, tx: Erasing, body: schemas.Reopening) -> Response:
    """Reopen somebody who was erased and came back by their own act, such as an order of today.

    Afterwards their consents and bases can be recorded; none of before counts any more, and every stop still holds.
    """

    async def work() -> Answer:
        if time_fault(body.occurred_at, None, utc_now()) is not None:
            raise TimeOutOfRange(errors=[FieldError("/occurred_at", TimeOutOfRange.code, TimeOutOfRange.message())])
        who = name(tx.keys, known(body.to), known(body.user_id))
        if who is None:
            raise NumberInvalid
        person = await come_back(
            tx.session,
            tx.tenant,
            tx.keys,
            who,
            occurred_at=body.occurred_at,
            channel=body.channel,
            reference=body.reference,
            actor=name_actor(tx.caller),
        )
        return answer_with(200, schemas.Reopened(person=person))

    return await once(tx, request, work)


def _erasure(person: UUID, done: Erased) -> schemas.Erasure:
    return schemas.Erasure(
        id=done.id,
        person=person,
        erased_at=done.erased_at,
        run=done.run,
        messages_refused=done.refused,
        destroyed=[
            schemas.DestroyedPart(what=one.data_class, method=one.method, size=one.size) for one in done.destroyed
        ],
        kept=list(KEPT),
        tasks=list(done.tasks),
        still_to_do=list(STILL_TO_DO),
    )
