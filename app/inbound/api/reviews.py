"""`/v1/reviews`: sentences that may mean STOP, and what a human makes of them."""

import contextlib
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import MISSING

from app.consents.fields import known
from app.inbound import queries, schemas
from app.inbound.decide import decide
from app.inbound.errors import ReviewDecided
from app.inbound.hold import where_words
from app.kit.crypto import Unsealable, unseal
from app.kit.errors import NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.people.seal import person_key
from app.tenants.door import Transaction, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.name_actor import name_actor
from app.tenants.remember import Repeatable, answer_with, once

router = APIRouter(prefix="/v1/reviews", tags=["reviews"])

Reading = Annotated[Transaction, reads("reviews:read")]
Writing = Annotated[Transaction, writes("reviews:write")]


@router.get("", response_model=schemas.ReviewPage)
async def list_reviews(
    tx: Reading,
    asked: AskedPage,
    state: Annotated[
        schemas.ReviewState | MISSING, Query(description="Only open ones, or only decided ones.")
    ] = MISSING,
) -> schemas.ReviewPage:
    """List what people wrote that may mean STOP, oldest first. Marketing is held for them while it is open."""
    wanted = known(state)
    page = await list_page(
        tx,
        asked,
        lambda after, limit: queries.list_reviews(
            tx.session, tx.tenant, undecided=wanted and wanted == "open", after=after, limit=limit
        ),
        filters={"state": wanted},
    )
    data = [_shown(tx, one) for one in page.rows]
    return schemas.ReviewPage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


@router.get("/{review_id}", response_model=schemas.Review, responses=declares(NotFound))
async def get_review(tx: Reading, review_id: schemas.ReviewId) -> schemas.Review:
    """See one review with what the person wrote."""
    return _shown(tx, await queries.get_review(tx.session, tx.tenant, review_id))


@router.post("/{review_id}/resolve", response_model=schemas.Review, responses=declares(NotFound, ReviewDecided))
async def resolve_review(
    request: Repeatable, tx: Writing, review_id: schemas.ReviewId, body: schemas.ReviewDecision
) -> Response:
    """Decide whether it was a STOP. The decision and the key that took it are audited."""

    async def work() -> Answer:
        review = await decide(
            tx.session,
            tx.tenant,
            review_id,
            body.decision,
            api_key_id=tx.caller.key_id,
            actor=name_actor(tx.caller),
        )
        return answer_with(200, _shown(tx, review))

    answer = await once(tx, request, work)
    tx.ring("settle")
    return answer


def _shown(tx: Transaction, one: queries.Review) -> schemas.Review:
    words = None
    if one.words_ct is not None and one.key_salt is not None:
        with contextlib.suppress(Unsealable):  # whose key is another by now
            words = unseal(person_key(tx.keys, one.key_salt), one.words_ct, where_words(one.fingerprint)).decode()
    return schemas.Review.model_validate(
        {
            "id": one.id,
            "person_id": one.person_id,
            "sender": one.sender_id,
            "reason": one.reason,
            "words": words,
            "written_at": one.written_at,
            "decision": one.decision,
            "decided_at": one.decided_at,
        }
    )
