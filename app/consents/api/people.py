"""`/v1/people/{id}/consents`: one person's ledger, for whoever has to answer for it."""

from typing import Annotated

from fastapi import APIRouter

from app.consents import queries, schemas
from app.consents.fields import PersonId
from app.kit.errors import NotFound
from app.kit.http.openapi import declares
from app.tenants.door import Transaction, reads
from app.tenants.list_page import AskedPage, list_page

router = APIRouter(prefix="/people")

Reading = Annotated[Transaction, reads("consents:read")]


@router.get("/{person_id}/consents", response_model=schemas.ConsentEventPage, responses=declares(NotFound))
async def list_person_consents(tx: Reading, asked: AskedPage, person_id: PersonId) -> schemas.ConsentEventPage:
    """List everything a person, or somebody for them, did about consent: oldest first, nothing left out."""
    if not await queries.person_exists(tx.session, tx.tenant, person_id):
        raise NotFound
    page = await list_page(
        tx,
        asked,
        lambda after, limit: queries.list_consent_events(tx.session, tx.tenant, person_id, after=after, limit=limit),
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
    )
