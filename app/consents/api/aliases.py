"""`/v1/people/{id}/…`: what a person is known by, and what kind of party they are."""

from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Response
from pydantic import MISSING

from app.audit.record import record as audit
from app.consents.close import close
from app.consents.correct import correct
from app.consents.declare import declare
from app.consents.errors import NumberInvalid, PartyUnproven, PersonErased, TimeOutOfRange
from app.consents.fields import PersonId, known
from app.consents.link import link_to
from app.consents.note_identity import Source
from app.consents.rows import time_fault
from app.consents.show_person import get_person, show_person
from app.consents.who import Named, name
from app.kit.clock import utc_now
from app.kit.errors import FieldError, NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.people import schemas
from app.people.errors import AliasClosed, AliasTaken
from app.tenants.door import Transaction, writes
from app.tenants.name_actor import name_actor
from app.tenants.remember import Repeatable, answer_with, once

log = structlog.get_logger()

router = APIRouter(prefix="/people")

Writing = Annotated[Transaction, writes("people:write")]


@router.post(
    "/{person_id}/aliases",
    response_model=schemas.Person,
    responses=declares(NotFound, AliasTaken, NumberInvalid, PersonErased),
)
async def link_alias(request: Repeatable, tx: Writing, person_id: PersonId, body: schemas.LinkAlias) -> Response:
    """Link a number or user id to a person. With `merge: true` whoever is known by it becomes one with them.

    A link never opens what either of two people stopped, refused or withdrew.
    """

    async def work() -> Answer:
        person = await get_person(tx.session, tx.tenant, person_id)
        done = await link_to(
            tx.session, tx.tenant, tx.keys, person, _named(tx, body), merge=body.merge, source=_source(tx, body.reason)
        )
        if done is not None:
            await _audit(tx, f"person.{done}", person.id, {"reason": body.reason})
        return await _answer(tx, person.id)

    return await once(tx, request, work)


@router.post(
    "/{person_id}/aliases/{alias_id}/close",
    response_model=schemas.Person,
    responses=declares(NotFound, AliasClosed, TimeOutOfRange),
)
async def close_person_alias(
    request: Repeatable, tx: Writing, person_id: PersonId, alias_id: schemas.AliasId, body: schemas.CloseAlias
) -> Response:
    """Close a line that is gone or somebody else's: what was agreed on it ends, and whoever has it next is new.

    Nothing that is queued for it is sent any more. It is for good.
    """

    async def work() -> Answer:
        person = await get_person(tx.session, tx.tenant, person_id)
        source = Source("tenant", "api", body.reason, _moment(body.occurred_at), tx.caller.key_id)
        ended = await close(tx.session, tx.tenant, person.id, alias_id, reason=body.reason, source=source)
        detail = {"reason": body.reason, "alias": encode("als", alias_id), "ended": ended}
        await _audit(tx, "person.alias_closed", person.id, detail)
        return await _answer(tx, person.id)

    return await once(tx, request, work)


@router.post(
    "/{person_id}/correct",
    response_model=schemas.Person,
    responses=declares(NotFound, AliasTaken, AliasClosed, NumberInvalid, PersonErased),
)
async def correct_person(request: Repeatable, tx: Writing, person_id: PersonId, body: schemas.CorrectAlias) -> Response:
    """Correct a number or user id that was written down wrongly: the wrong one is closed, the right one added.

    What the person agreed to stays theirs. Somebody with a *new* number is not corrected: WhatsApp tells that itself.
    """

    async def work() -> Answer:
        person = await get_person(tx.session, tx.tenant, person_id)
        right = _named(tx, body)
        await correct(tx.session, tx.tenant, tx.keys, person, body.alias, right, _source(tx, body.reason))
        detail = {"reason": body.reason, "alias": encode("als", body.alias)}
        await _audit(tx, "person.corrected", person.id, detail)
        return await _answer(tx, person.id)

    return await once(tx, request, work)


@router.put(
    "/{person_id}/party",
    response_model=schemas.Person,
    responses=declares(NotFound, PartyUnproven, PersonErased),
)
async def declare_person_party(tx: Writing, person_id: PersonId, body: schemas.DeclareParty) -> schemas.Person:
    """Declare a merchant or tradesman, or take that back.

    They need no prior approval of commercial messages (Law 6563, article 6/2), but their refusal counts, and consent
    under Law 6698 is asked of them as of anybody.
    """
    person = await get_person(tx.session, tx.tenant, person_id)
    if body.party_type == "legal" and not body.evidence:
        raise PartyUnproven(errors=[FieldError("/evidence", PartyUnproven.code, PartyUnproven.message())])
    evidence: dict[str, str] = {str(kind): value for kind, value in body.evidence.items()}
    source = _source(tx, body.reason)
    await declare(tx.session, tx.tenant, tx.keys, person, body.party_type, evidence, source)
    detail = {"party_type": body.party_type, "evidence": sorted(evidence), "reason": body.reason}
    await _audit(tx, "person.party_declared", person.id, detail)
    return await show_person(tx.session, tx.tenant, tx.keys, person.id)


def _named(tx: Transaction, body: schemas.AliasName) -> Named:
    who = name(tx.keys, known(body.to), known(body.user_id))
    if who is None:
        raise NumberInvalid
    return who


def _source(tx: Transaction, reason: str) -> Source:
    return Source("tenant", "api", reason, utc_now(), tx.caller.key_id)


def _moment(given: Any) -> Any:
    now = utc_now()
    if given is MISSING:
        return now
    if time_fault(given, None, now) is not None:
        raise TimeOutOfRange(errors=[FieldError("/occurred_at", TimeOutOfRange.code, TimeOutOfRange.message())])
    return given


async def _audit(tx: Transaction, action: str, person: UUID, detail: dict[str, Any]) -> None:
    actor = name_actor(tx.caller)
    await audit(tx.session, tx.tenant, action=action, actor=actor, object_id=encode("per", person), detail=detail)
    log.info("consents.person_changed", action=action, person_id=encode("per", person))


async def _answer(tx: Transaction, person: UUID) -> Answer:
    return answer_with(200, await show_person(tx.session, tx.tenant, tx.keys, person))
