"""Decide a review: it was a STOP, or it was not. Only this lifts the hold, and only when nothing else is open."""

from typing import Literal
from uuid import UUID

import structlog
from sqlalchemy import func, select, text, update

from app.audit.record import record
from app.consents.restrict import restrict
from app.consents.suppress import MARKETING, lift, suppress
from app.consents.withdraw import withdraw
from app.inbound.errors import ReviewDecided
from app.inbound.hear import covered_by
from app.inbound.hold import METHOD
from app.inbound.models import reviews
from app.inbound.owe import Owed, owe
from app.inbound.queries import Review, get_review
from app.kit.clock import utc_now
from app.kit.db import Session
from app.kit.ids import encode
from app.optins.begin import close
from app.people.find import Known
from app.people.still import hold_still
from app.purposes.queries import list_purposes

log = structlog.get_logger()

Decision = Literal["stop", "continue"]
_table = reviews.c
_waiting = text(
    "SELECT unnest(v.people || a.person_id) FROM reviews AS v"
    " LEFT JOIN aliases_v1 AS a ON a.tenant_id = v.tenant_id AND a.id = v.alias_id"
    " WHERE v.tenant_id = :tenant AND v.decision IS NULL"
    " AND (v.people && CAST(:people AS uuid[]) OR a.person_id = ANY (CAST(:people AS uuid[])))"
)


async def decide(
    session: Session, tenant: UUID, review_id: UUID, decision: Decision, *, api_key_id: UUID, actor: str
) -> Review:
    """Write a human's decision down, once, with who took it.

    `stop`: the person's own stop takes the place of the hold, at the time they wrote, and marketing consents are
    withdrawn. `continue`: it was no stop. Either way the hold is lifted when no other sentence of the person is open.
    Raises NotFound, ReviewDecided.
    """
    review = await get_review(session, tenant, review_id)
    await hold_still(session, tenant, review.people)  # before their rows, as everybody takes the two
    await restrict(session, tenant, review.people)
    held = select(_table.decision).where(_table.tenant_id == tenant, _table.id == review_id).with_for_update()
    if (await session.execute(held)).scalar_one() is not None:
        raise ReviewDecided
    await session.execute(
        update(reviews)
        .where(_table.tenant_id == tenant, _table.id == review_id)
        .values(decision=decision, decided_at=func.clock_timestamp(), decided_by=api_key_id)
    )
    if decision == "stop":
        await _stop(session, tenant, review, api_key_id)
    await _release(session, tenant, review, api_key_id)
    object_id = encode("rev", review_id)
    await record(
        session, tenant, action="review.decided", actor=actor, object_id=object_id, detail={"decision": decision}
    )
    log.info("inbound.review_decided", review_id=object_id, decision=decision)
    return await get_review(session, tenant, review_id)


async def _stop(session: Session, tenant: UUID, review: Review, api_key_id: UUID) -> None:
    await suppress(
        session,
        tenant,
        review.people,
        MARKETING,
        raised_by="person",
        channel="whatsapp",
        occurred_at=review.written_at,
        method=METHOD,
        api_key_id=api_key_id,
    )
    marketing = covered_by(None, await list_purposes(session))
    people = dict.fromkeys(review.people, review.written_at)
    await withdraw(session, tenant, people, marketing, channel="whatsapp", method=METHOD, api_key_id=api_key_id)
    covered = [purpose.id for purpose in marketing]
    await close(session, tenant, review.people, covered, by=review.fingerprint, at=review.written_at)
    who = Known(review.person_id, review.alias_id, review.key_salt)
    await owe(
        session, tenant, [Owed("stop_confirmation", review.sender_id, who, review.fingerprint, review.written_at)]
    )


async def _release(session: Session, tenant: UUID, review: Review, api_key_id: UUID) -> None:
    """Lift the hold of everybody of whom no other sentence is open."""
    rows = await session.execute(_waiting, {"tenant": tenant, "people": review.people})
    waiting = set(rows.scalars())
    free = [person for person in review.people if person not in waiting]
    if free:
        await lift(
            session,
            tenant,
            free,
            MARKETING,
            lifted_by="review",
            channel="api",
            occurred_at=utc_now(),
            method=METHOD,
            api_key_id=api_key_id,
        )
