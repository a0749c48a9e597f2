"""Append to the ledger and fold into the current state: the one way a consent, approval or basis is written."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.consents.acts import RESTRICTING, Entity, Entry
from app.consents.restrict import restrict
from app.kit.db import Session
from app.kit.sql import sql_beside

CHUNK_ROWS = 10_000

_append = sql_beside(__file__)


async def append(
    session: Session, tenant: UUID, entries: Sequence[Entry], *, entity: Entity, api_key_id: UUID | None
) -> None:
    """Write the lines, and the state that follows from them, in the caller's transaction.

    Order does not matter: the newest act of a kind wins, on equal times the one that restricts, so a late grant never
    undoes a newer withdrawal. A repeated line is appended again and changes nothing. Who is restricted is taken first.
    """
    await restrict(session, tenant, (entry.person_id for entry in entries if entry.act in RESTRICTING))
    # One order for all writers and all chunks: the states' rows are locked as they are folded.
    ordered = sorted(entries, key=lambda entry: (entry.purpose_id, entry.person_id))
    for at in range(0, len(ordered), CHUNK_ROWS):
        chunk = _columns(ordered[at : at + CHUNK_ROWS])
        await session.execute(_append, {"tenant": tenant, "entity": entity, "api_key": api_key_id} | chunk)


def _columns(entries: Sequence[Entry]) -> dict[str, list[Any]]:
    return {
        "people": [entry.person_id for entry in entries],
        "kinds": [entry.record_kind for entry in entries],
        "acts": [entry.act for entry in entries],
        "purposes": [entry.purpose_id for entry in entries],
        "times": [entry.occurred_at for entry in entries],
        "channels": [entry.channel for entry in entries],
        "methods": [entry.method for entry in entries],
        "notices": [entry.notice_version_id for entry in entries],
        "untils": [entry.valid_until for entry in entries],
        "iys_ids": [entry.iys_transaction_id for entry in entries],
        "iys_dates": [entry.iys_date for entry in entries],
        "sealed": [None if entry.evidence is None else entry.evidence.sealed for entry in entries],
        "digests": [None if entry.evidence is None else entry.evidence.digest for entry in entries],
    }
