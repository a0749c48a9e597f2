"""The gate over a whole chunk: early, honest refusals. The lease asks again."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.kit.db import Session
from app.kit.sql import sql_beside

_check = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says of one fingerprint. `refusal` None: may be written to now, for the reason that is pinned."""

    person_id: UUID | None
    alias_id: UUID | None
    salt: bytes | None = field(repr=False)
    refusal: str | None
    refused_for: str | None
    consent_event_id: UUID | None
    approval_event_id: UUID | None
    basis_event_id: UUID | None
    notice_version_id: UUID | None
    suppression_event_id: UUID | None


async def check(session: Session, tenant: UUID, purpose_id: int, hashes: Sequence[UUID]) -> list[Verdict]:
    """One verdict per fingerprint, in order. Fingerprints are expected to be distinct.

    A person whose key was destroyed cannot be written to even with a consent on record: `unknown_person`.
    """
    rows = await session.execute(_check, {"tenant": tenant, "purpose": purpose_id, "hashes": list(hashes)})
    return [
        Verdict(
            row.person_id,
            row.alias_id,
            row.key_salt,
            row.refusal or (None if row.key_salt is not None else "unknown_person"),
            row.refused_for,
            row.consent_event_id,
            row.approval_event_id,
            row.basis_event_id,
            row.notice_version_id,
            row.suppression_event_id,
        )
        for row in rows
    ]
