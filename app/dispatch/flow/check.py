"""The gate over a whole chunk: early, honest refusals. The lease asks again."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from app.kit.db import Session, plain_rows
from app.kit.sql import sql_beside

_check = sql_beside(__file__)


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """What the gate says of one fingerprint. `refusal` None: may be written to now, for the reason that is pinned.

    The fields stand in the order in which the statement answers them.
    """

    person_id: UUID | None
    alias_id: UUID | None
    salt: bytes | None
    refusal: str | None
    refused_for: str | None
    consent_event_id: UUID | None
    approval_event_id: UUID | None
    basis_event_id: UUID | None
    notice_version_id: UUID | None
    suppression_event_id: UUID | None

    def __repr__(self) -> str:
        return f"Verdict({self.refusal})"


async def check(session: Session, tenant: UUID, purpose_id: int, hashes: Sequence[UUID]) -> list[Verdict]:
    """One verdict per fingerprint, in order. Fingerprints are expected to be distinct.

    A person whose key was destroyed cannot be written to even with a consent on record: `unknown_person`.
    """
    rows = await plain_rows(session, _check, {"tenant": tenant, "purpose": purpose_id, "hashes": list(hashes)})
    return [Verdict(*row) for row in rows]
