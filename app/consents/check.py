"""Check: may these people be written to, for this purpose, now? Asks the gate, and changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.consents.gate import Refusal
from app.kit.db import Session
from app.kit.sql import sql_beside

_check = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one fingerprint. `refusal` None: a message may go now."""

    person_id: UUID | None
    refusal: Refusal | None
    refused_for: str | None


async def check(session: Session, tenant: UUID, purpose_id: int, hashes: Sequence[UUID]) -> list[Verdict]:
    """One verdict per fingerprint, in order; repeated ones are answered each time."""
    rows = await session.execute(_check, {"tenant": tenant, "purpose": purpose_id, "hashes": list(hashes)})
    return [
        Verdict(row.person_id, None if row.refusal is None else Refusal(row.refusal), row.refused_for) for row in rows
    ]
