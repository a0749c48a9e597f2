"""Write a decided chunk: the queue is a table, and this fills it. Ringing the bell waits for the commit."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from app.kit.db import Session
from app.kit.ids import new_id
from app.kit.sql import sql_beside

_enqueue = sql_beside(__file__)

# (state, reason): reason is None unless the state is refused.
Counts = Counter[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chunk is written to."""

    tenant: UUID
    batch: UUID
    upload: UUID
    sender: UUID
    purpose_id: int


@dataclass(frozen=True, slots=True)
class Decided:
    """One row with its decision. `member` is who the row is for, once per batch: the person, else the fingerprint.

    Of a person nobody knows only `hash` is kept: no values, no reference.
    """

    row_number: int
    refusal: str | None
    detail: str | None = None
    member: UUID | None = None
    person_id: UUID | None = None
    alias_id: UUID | None = None
    hash: UUID | None = None
    variables_ct: bytes | None = field(default=None, repr=False)
    reference: str | None = field(default=None, repr=False)
    evidence: Mapping[str, UUID | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Enqueued:
    """How many rows went where, and the rows whose person turned out to be in the batch already."""

    counts: Counts
    duplicates: frozenset[int]


async def enqueue(session: Session, place: Place, rows: Sequence[Decided]) -> Enqueued:
    """Write the chunk."""
    if not rows:
        return Enqueued(Counter(), frozenset())
    found = (await session.execute(_enqueue, _arrays(place, rows))).all()
    counts = Counter({(row.state, row.reason): row.n for row in found})
    return Enqueued(counts, frozenset(number for row in found for number in row.duplicates or ()))


def _arrays(place: Place, rows: Sequence[Decided]) -> dict[str, Any]:
    return {
        "tenant": place.tenant,
        "batch": place.batch,
        "upload": place.upload,
        "sender": place.sender,
        "purpose": place.purpose_id,
        "ids": [new_id() for _ in rows],
        "row_numbers": [row.row_number for row in rows],
        "members": [row.member for row in rows],
        "people": [row.person_id for row in rows],
        "aliases": [row.alias_id for row in rows],
        "hashes": [row.hash for row in rows],
        "variables": [row.variables_ct for row in rows],
        "references": [row.reference for row in rows],
        "refusals": [row.refusal for row in rows],
        "details": [row.detail for row in rows],
        "consents": [row.evidence.get("consent_event_id") for row in rows],
        "approvals": [row.evidence.get("approval_event_id") for row in rows],
        "bases": [row.evidence.get("basis_event_id") for row in rows],
        "notices": [row.evidence.get("notice_version_id") for row in rows],
        "suppressions": [row.evidence.get("suppression_event_id") for row in rows],
    }
