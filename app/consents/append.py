"""Append to the ledger and fold into the current state: the one way a consent, approval or basis is written."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from app.consents.acts import Circumstances, Entity, Entry
from app.consents.current import hold_people
from app.consents.fold_again import fold_again
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
    Lines that are never folded (`imported`, `invalid`) leave the state as it is; one that corrects another has its fold
    done again without the corrected one.
    """
    entries = await hold_people(session, tenant, entries)
    corrections = [entry for entry in entries if entry.circumstances.supersedes_id is not None]
    # One order for all writers and all chunks: the states' rows are locked as they are folded.
    ordered = sorted(entries, key=lambda entry: (entry.purpose_id, entry.person_id))
    for at in range(0, len(ordered), CHUNK_ROWS):
        chunk = _columns(ordered[at : at + CHUNK_ROWS])
        await session.execute(_append, {"tenant": tenant, "entity": entity, "api_key": api_key_id} | chunk)
    if corrections:
        await fold_again(session, tenant, corrections)


def _columns(entries: Sequence[Entry]) -> dict[str, list[Any] | None]:
    """One array per column. One that holds nothing is NULL: `unnest` reads that as nothing, and it need not travel."""
    columns: dict[str, list[Any]] = {
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
    columns |= _circumstances([entry.circumstances for entry in entries])
    return {name: values if any(value is not None for value in values) else None for name, values in columns.items()}


def _circumstances(of: Sequence[Circumstances]) -> dict[str, list[Any]]:
    return {
        "contexts": [one.context for one in of],
        "languages": [one.language for one in of],
        "superseded": [one.supersedes_id for one in of],
        "renewed": [one.renews_id for one in of],
        "challenges": [one.challenge_id for one in of],
        "imports": [one.import_id for one in of],
        # An array of arrays must be a rectangle: each list travels as PostgreSQL writes one.
        "proofs": [_array(one.evidence_ids) for one in of],
        "details": [_json(one.details) if one.details else None for one in of],
    }


def _array(ids: Sequence[UUID]) -> str | None:
    return "{" + ",".join(map(str, ids)) + "}" if ids else None


def _json(details: Mapping[str, Any]) -> str:
    return msgspec.json.encode(details, order="deterministic").decode()
