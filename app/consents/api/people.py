"""`/v1/people`: who a number belongs to, how they stand, and their ledger."""

from typing import Annotated

from fastapi import APIRouter

from app.consents import queries, schemas
from app.consents.errors import NumberInvalid
from app.consents.fields import PersonId, known
from app.consents.show_person import get_person as find_person
from app.consents.show_person import show_person
from app.consents.who import name
from app.kit.errors import NotFound
from app.kit.http.openapi import declares
from app.people import schemas as people
from app.people.find import find_people
from app.tenants.door import Transaction, reads
from app.tenants.list_page import AskedPage, list_page

router = APIRouter(prefix="/people")

Reading = Annotated[Transaction, reads("people:read")]
ReadingConsents = Annotated[Transaction, reads("consents:read")]


@router.post("/find", response_model=people.Person, responses=declares(NotFound, NumberInvalid))
async def find_person_by_alias(tx: Reading, body: people.AliasName) -> people.Person:
    """Find a person by a number or a user id: a POST, so that no number stands in an address. Changes nothing."""
    who = name(tx.keys, known(body.to), known(body.user_id))
    if who is None:
        raise NumberInvalid
    found = await find_people(tx.session, tx.tenant, [who.hash])
    if who.hash not in found:
        raise NotFound
    return await show_person(tx.session, tx.tenant, tx.keys, found[who.hash].person_id)


@router.get("/{person_id}", response_model=people.Person, responses=declares(NotFound))
async def get_person(tx: Reading, person_id: PersonId) -> people.Person:
    """See a person: their aliases (masked), what they agreed to by purpose, what is stopped."""
    return await show_person(tx.session, tx.tenant, tx.keys, person_id)


@router.get("/{person_id}/consents", response_model=schemas.ConsentEventPage, responses=declares(NotFound))
async def list_person_consents(tx: ReadingConsents, asked: AskedPage, person_id: PersonId) -> schemas.ConsentEventPage:
    """List everything a person, or somebody for them, did about consent: oldest first, nothing left out."""
    found = await find_person(tx.session, tx.tenant, person_id)
    everybody = [found.id, *found.absorbed]
    page = await list_page(
        tx,
        asked,
        lambda after, limit: queries.list_consent_events(tx.session, tx.tenant, everybody, after=after, limit=limit),
    )
    data = [_shown(event) for event in page.rows]
    return schemas.ConsentEventPage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


def _shown(event: queries.ConsentEvent) -> schemas.ConsentEvent:
    return schemas.ConsentEvent(
        id=event.id,
        record_kind=event.record_kind,
        act=event.act,
        entity=event.entity,
        purpose=event.purpose,
        purpose_version=event.purpose_version,
        notice_version_id=event.notice_version_id,
        scope=event.scope,
        occurred_at=event.occurred_at,
        recorded_at=event.recorded_at,
        valid_until=event.valid_until,
        channel=event.channel,
        method=event.method,
        iys_transaction_id=event.iys_transaction_id,
        iys_date=event.iys_date,
        evidence_digest=None if event.evidence_digest is None else event.evidence_digest.hex(),
        collection_context=event.collection_context,
        language=event.language,
        supersedes=event.supersedes_id,
        renews=event.renews_id,
        challenge_id=event.challenge_id,
        import_id=event.import_id,
        evidence_ids=list(event.evidence_ids or ()),
        details=dict(event.details or {}),
        carried_from=event.carried_from,
    )
