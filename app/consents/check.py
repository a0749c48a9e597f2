"""Check: may these people be written to, for this purpose, now? Asks the gate, and changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from app.consents.gate import Refusal
from app.kit.db import Session
from app.kit.sql import sql_beside

_check = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one fingerprint. `refusal` None: a message may go now."""

    person_id: UUID | None
    refusal: Refusal | Literal["invalid_number"] | None
    refused_for: str | None


UNREADABLE = Verdict(None, "invalid_number", None)  # what nobody can be called by
_REFUSALS = {str(refusal): refusal for refusal in Refusal}


async def check(session: Session, tenant: UUID, purpose_id: int, hashes: Sequence[UUID]) -> list[Verdict]:
    """One verdict per fingerprint, in order; repeated ones are answered each time."""
    rows = await session.execute(_check, {"tenant": tenant, "purpose": purpose_id, "hashes": list(hashes)})
    return [
        Verdict(person, None if refusal is None else _REFUSALS[refusal], refused_for)
        for person, refusal, refused_for in rows
    ]
