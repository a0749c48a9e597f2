"""Begin a challenge: a person wrote the words of an offer, so they may be asked about its one act."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.ids import new_id
from app.kit.sql import sql_beside
from app.optins.queries import Offer
from app.optins.words import SayKind
from app.people.find import Known

MOST_A_DAY: Final = 6  # questions to one person: three offers of two acts, and a machine that answers machines stops

_begin = sql_beside(__file__)
_close = text(
    "UPDATE opt_in_challenges SET state = CASE state WHEN 'pending' THEN 'not_asked' ELSE 'refused' END,"
    " refused_by = :by, refused_at = :at WHERE tenant_id = :tenant AND (person_id = ANY (CAST(:people AS uuid[]))"
    " OR alias_id IN (SELECT a.id FROM aliases_v1 AS a WHERE a.tenant_id = :tenant"
    " AND a.person_id = ANY (CAST(:people AS uuid[]))))"
    " AND purpose_id = ANY (CAST(:purposes AS smallint[])) AND state IN ('pending', 'asked', 'awaiting_iys')"
)


@dataclass(frozen=True, slots=True)
class Say:
    """Something to be said in the chat, for one challenge; its words are composed when it leaves."""

    kind: SayKind
    challenge_id: UUID


async def begin(
    session: Session, tenant: UUID, offer: Offer, who: Known, *, by: UUID, wrote_at: datetime
) -> Say | None:
    """Begin the offer's challenge for a person, because of the message `by` that they wrote at `wrote_at`.

    None when it was begun by the same message already, when the person has the question open, when they were asked
    often today, or when they were erased: then there is no key to seal evidence with.
    """
    if who.salt is None or offer.ended_at is not None:
        return None
    asked = {
        "id": new_id(),
        "tenant": tenant,
        "offer": offer.id,
        "kind": offer.record_kind,
        "purpose": offer.purpose_id,
        "person": who.person_id,
        "alias": who.alias_id,
        "by": by,
        "wrote_at": wrote_at,
        "most": MOST_A_DAY,
    }
    made = (await session.execute(_begin, asked)).scalar_one_or_none()
    return None if made is None else Say("opt_in_question", made)


async def close(
    session: Session, tenant: UUID, people: Iterable[UUID], purposes: Iterable[int], *, by: UUID, at: datetime
) -> None:
    """A STOP answers every question that is open for these purposes: a tap that comes later opens nothing."""
    asked = {"tenant": tenant, "people": list(people), "purposes": list(purposes), "by": by, "at": at}
    await session.execute(_close, asked)
