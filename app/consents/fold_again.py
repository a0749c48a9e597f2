"""Fold again: after a line of the ledger was corrected, what it said no longer counts."""

from collections.abc import Sequence
from uuid import UUID

from app.consents.acts import Entry
from app.kit.db import Session
from app.kit.sql import sql_beside

_lock = sql_beside(__file__, "lock")
_fold_again = sql_beside(__file__)


async def fold_again(session: Session, tenant: UUID, corrections: Sequence[Entry]) -> None:
    """Fold these people's consents and approvals anew from the ledger, without the lines that were corrected.

    Called after the corrections were appended. Lock, then ask: in one statement the snapshot would be older than the
    lock, and a grant that commits in between would be lost.
    """
    people = [entry.person_id for entry in corrections]
    purposes = [entry.purpose_id for entry in corrections]
    kinds = [entry.record_kind for entry in corrections]
    await session.execute(_lock, {"tenant": tenant, "people": people, "purposes": purposes})
    await session.execute(_fold_again, {"tenant": tenant, "people": people, "purposes": purposes, "kinds": kinds})
