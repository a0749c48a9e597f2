"""`/v1/opt-ins`: consent asked in the chat that the person began."""

from typing import Annotated, Any

from fastapi import APIRouter, Response

from app.consents.errors import ConsentNotApplicable, NoticeDoesNotCoverPurpose, UnknownNoticeVersion
from app.consents.fields import known
from app.consents.rows import Iys
from app.kit.errors import NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.optins import queries, schemas
from app.optins.attest import attest
from app.optins.errors import NextOptInInvalid, NotAwaitingIys, OptInSenderUnknown, QuestionTooLong, StartTaken
from app.optins.make_offer import NewOffer, end_offer, link_of, make_offer
from app.purposes.errors import UnknownPurpose
from app.tenants.door import Transaction, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.name_actor import name_actor
from app.tenants.remember import Repeatable, answer_with, once

router = APIRouter(prefix="/v1/opt-ins", tags=["opt-ins"])

Reading = Annotated[Transaction, reads("opt_ins:read")]
Writing = Annotated[Transaction, writes("opt_ins:write")]


@router.post(
    "",
    status_code=201,
    response_model=schemas.OptIn,
    responses=declares(
        StartTaken,
        UnknownPurpose,
        ConsentNotApplicable,
        UnknownNoticeVersion,
        NoticeDoesNotCoverPurpose,
        OptInSenderUnknown,
        NextOptInInvalid,
        QuestionTooLong,
    ),
)
async def create_opt_in(request: Repeatable, tx: Writing, body: schemas.NewOptIn) -> Response:
    """Offer one act for one purpose. The answer holds the link that a person uses first.

    Nobody is ever asked by a template, and nobody who did not write first.
    """

    async def work() -> Answer:
        new = NewOffer(
            sender_id=body.sender,
            purpose=body.purpose,
            kind=body.kind,
            notice_version_id=body.notice_version_id,
            text=body.text,
            language=body.language,
            notice_url=known(body.notice_url),
            words=known(body.words),
            next_id=known(body.next),
            answers_start=body.answers_start,
        )
        offer = await make_offer(tx.session, tx.tenant, new, actor=name_actor(tx.caller))
        return answer_with(201, schemas.OptIn(**_shown(offer)), location=f"/v1/opt-ins/{encode('opt', offer.id)}")

    return await once(tx, request, work)


@router.get("", response_model=schemas.OptInPage)
async def list_opt_ins(tx: Reading, asked: AskedPage) -> schemas.OptInPage:
    """List the opt-ins in the order they were made, ended ones too."""
    page = await list_page(
        tx, asked, lambda after, limit: queries.list_offers(tx.session, tx.tenant, after=after, limit=limit)
    )
    data = [schemas.OptIn(**_shown(offer)) for offer in page.rows]
    return schemas.OptInPage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


@router.get("/{opt_in_id}", response_model=schemas.OptInWithCounts, responses=declares(NotFound))
async def get_opt_in(tx: Reading, opt_in_id: schemas.OptInId) -> schemas.OptInWithCounts:
    """See one opt-in, and how many people are where."""
    offer = await queries.get_offer(tx.session, tx.tenant, opt_in_id)
    counts = await queries.count_challenges(tx.session, tx.tenant, opt_in_id)
    return schemas.OptInWithCounts(**_shown(offer), counts=schemas.OptInCounts(**counts))


@router.post("/{opt_in_id}/end", response_model=schemas.OptIn, responses=declares(NotFound))
async def end_opt_in(tx: Writing, opt_in_id: schemas.OptInId) -> schemas.OptIn:
    """End an opt-in: its link begins nothing any more. Who was asked already can still answer."""
    offer = await end_offer(tx.session, tx.tenant, opt_in_id, actor=name_actor(tx.caller))
    return schemas.OptIn(**_shown(offer))


@router.get("/{opt_in_id}/challenges", response_model=schemas.ChallengePage, responses=declares(NotFound))
async def list_opt_in_challenges(tx: Reading, asked: AskedPage, opt_in_id: schemas.OptInId) -> schemas.ChallengePage:
    """List who was asked, and what they answered. What proves the person is not shown to anybody."""
    await queries.get_offer(tx.session, tx.tenant, opt_in_id)
    page = await list_page(
        tx,
        asked,
        lambda after, limit: queries.list_challenges(tx.session, tx.tenant, opt_in_id, after=after, limit=limit),
    )
    data = [_challenge(one) for one in page.rows]
    return schemas.ChallengePage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


@router.post(
    "/{opt_in_id}/challenges/{challenge_id}/attest",
    response_model=schemas.Challenge,
    responses=declares(NotFound, NotAwaitingIys),
)
async def attest_opt_in_challenge(
    request: Repeatable,
    tx: Writing,
    opt_in_id: schemas.OptInId,
    challenge_id: schemas.ChallengeId,
    body: schemas.Attestation,
) -> Response:
    """Bring the İYS transaction of an approval that was given by a tap. Only then does it count."""

    async def work() -> Answer:
        challenge = await attest(
            tx.session,
            tx.tenant,
            tx.keys,
            opt_in_id,
            challenge_id,
            Iys(body.transaction_id, body.date),
            api_key_id=tx.caller.key_id,
            actor=name_actor(tx.caller),
        )
        return answer_with(200, _challenge(challenge))

    return await once(tx, request, work)


def _shown(offer: queries.Offer) -> dict[str, Any]:
    return {
        "id": offer.id,
        "sender": offer.sender_id,
        "purpose": offer.purpose,
        "kind": offer.record_kind,
        "notice_version_id": offer.notice_version_id,
        "language": offer.language,
        "text": offer.consent_text,
        "question": offer.question,
        "question_sha256": offer.question_sha256.hex(),
        "link": link_of(offer),
        "next": offer.next_id,
        "answers_start": offer.answers_start,
        "created_at": offer.created_at,
        "ended_at": offer.ended_at,
    }


def _challenge(one: queries.Challenge) -> schemas.Challenge:
    return schemas.Challenge(
        id=one.id,
        person_id=one.person_id,
        state=one.state,
        person_wrote_at=one.person_wrote_at,
        asked_at=one.asked_at,
        expires_at=one.expires_at,
        answered_at=one.answered_at,
        confirmed_at=one.confirmed_at,
        confirmed_same_day=one.confirmed_same_day,
        refused_at=one.refused_at,
        attested_at=one.attested_at,
    )
