"""Hold: a sentence that may mean STOP stops marketing until a human has read it."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from sqlalchemy.dialects.postgresql import insert

from app.consents.suppress import MARKETING, suppress
from app.inbound.meet import Met
from app.inbound.models import reviews
from app.kit.clock import utc_now
from app.kit.crypto import seal
from app.kit.db import Session
from app.kit.ids import new_id
from app.people.seal import person_key
from app.runtime import TenantKeys

log = structlog.get_logger()

METHOD = "review"


def where_words(fingerprint: UUID) -> bytes:
    """Where sealed words live; they open for that review only."""
    return b"reviews|" + fingerprint.bytes


async def hold(session: Session, tenant: UUID, keys: TenantKeys, doubtful: Sequence[Met]) -> None:
    """Put sentences into the queue, once each, and hold marketing for the people who wrote them.

    The hold has a key of its own in `suppressions`: deciding the review is the only thing that lifts it.
    """
    rows = [_row(tenant, keys, one) for one in doubtful if one.known]
    if not rows:
        return
    found = await session.execute(
        insert(reviews).on_conflict_do_nothing(index_elements=["tenant_id", "fingerprint"]).returning(reviews.c.people),
        rows,
    )
    people = {person for held in found.scalars() for person in held}
    if people:
        await suppress(
            session,
            tenant,
            people,
            MARKETING,
            raised_by="review",
            channel="whatsapp",
            occurred_at=utc_now(),
            method=METHOD,
        )
        log.info("inbound.held_for_review", tenant_id=str(tenant), size=len(rows))


def _row(tenant: UUID, keys: TenantKeys, one: Met) -> dict[str, object]:
    heard, who = one.spoken.heard, one.known[0]
    words = (heard.words or "").encode("utf-8", "replace")  # half a surrogate pair has no UTF-8
    return {
        "id": new_id(),
        "tenant_id": tenant,
        "sender_id": one.spoken.sender_id,
        "person_id": who.person_id,
        "alias_id": who.alias_id,
        "people": list(one.people),
        "fingerprint": one.fingerprint,
        "reason": heard.reason,
        "words_ct": None if who.salt is None else seal(person_key(keys, who.salt), words, where_words(one.fingerprint)),
        "written_at": one.at,
    }
