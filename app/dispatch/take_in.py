"""Take in one chunk of recipients: accept, check, enqueue, in that order, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from app.consents.assert_basis import assert_bases_of
from app.dispatch.flow.accept import INVALID, Recipient, Row, accept
from app.dispatch.flow.check import Verdict, check
from app.dispatch.flow.enqueue import Counts, Decided, Place, enqueue
from app.kit.crypto import new_nonces, seal_alone
from app.kit.db import Session
from app.kit.ids import new_id
from app.people.seal import person_key
from app.runtime import TenantKeys
from app.whatsapp.payloads import validate_variable

CHUNK_ROWS = 2_500  # up to 20,000 cost the same processor time and hold more memory (docs/performance.md)


@dataclass(frozen=True, slots=True)
class Target:
    """The batch a chunk goes into: what the rows must fit."""

    place: Place
    variables: tuple[str, ...]
    takes_basis: bool
    api_key_id: UUID


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One refused row, said without the value that caused it. `field` names what to look at."""

    row_number: int
    reason: str
    field: str | None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a chunk. `invalid` are the rows that `on_invalid: reject` does not let pass."""

    counts: Counts
    refused: list[RowProblem] = field(default_factory=list)

    @property
    def invalid(self) -> list[RowProblem]:
        """The rows that could not be read as a recipient of this template."""
        return [problem for problem in self.refused if problem.reason in INVALID]


@dataclass(frozen=True, slots=True)
class Looked:
    """A chunk that was read and judged, and not written yet. One verdict for each row that is still allowed."""

    rows: list[Row]
    verdicts: list[Verdict]


async def take_in(session: Session, keys: TenantKeys, target: Target, recipients: Sequence[Recipient]) -> Taken:
    """Decide and write one chunk. Nothing is visible to senders before the caller's transaction commits."""
    return await write(session, keys, target, await look(session, keys, target, recipients))


async def look(session: Session, keys: TenantKeys, target: Target, recipients: Sequence[Recipient]) -> Looked:
    """Read and judge one chunk. Writes nothing but the bases that its rows assert."""
    rows = accept(recipients, keys, target.variables, validate_variable)
    if not target.takes_basis:
        for row in rows:
            if row.recipient.basis_ref is not None and row.refusal is None:
                row.refuse("invalid_row", "basis_ref", "basis_not_applicable")
    else:
        await _assert_bases(session, keys, target, rows)
    hashes = [row.hash for row in rows if row.refusal is None and row.hash is not None]
    return Looked(rows, await check(session, target.place.tenant, target.place.purpose, hashes))


async def write(session: Session, keys: TenantKeys, target: Target, looked: Looked) -> Taken:
    """Write what was decided. Once per transaction."""
    decided = _decide(keys, looked)
    enqueued = await enqueue(session, target.place, decided)
    wrong = {row.row_number: row for row in looked.rows if row.refusal is not None}
    refused = [
        RowProblem(row.row_number, "duplicate", None)
        if row.row_number in enqueued.duplicates
        else _problem(row, row.refusal, wrong.get(row.row_number))
        for row in decided
        if row.refusal or row.row_number in enqueued.duplicates
    ]
    return Taken(enqueued.counts, refused)


def _problem(decided: Decided, refusal: str | None, row: Row | None) -> RowProblem:
    assert refusal is not None
    if row is None:
        return RowProblem(decided.row_number, refusal, None, decided.detail)
    return RowProblem(decided.row_number, refusal, row.field, row.kind)


async def _assert_bases(session: Session, keys: TenantKeys, target: Target, rows: Sequence[Row]) -> None:
    named = {
        row.hash: (row.alias, row.recipient.basis_ref)
        for row in rows
        if row.refusal is None and row.hash is not None and row.alias is not None and row.recipient.basis_ref
    }
    if named:
        await assert_bases_of(
            session, target.place.tenant, keys, target.place.purpose, named, api_key_id=target.api_key_id
        )


def _decide(keys: TenantKeys, looked: Looked) -> list[Decided]:
    """One decision per row, in order."""
    verdicts = iter(looked.verdicts)
    nonces = iter(new_nonces(len(looked.verdicts)))
    members: set[bytes] = set()
    return [
        Decided(new_id(), row.row_number, row.refusal, row.field or row.kind, hash=row.hash)
        if row.refusal is not None
        else _decide_row(keys, row, next(verdicts), members, next(nonces))
        for row in looked.rows
    ]


def _decide_row(keys: TenantKeys, row: Row, verdict: Verdict, members: set[bytes], nonce: bytes) -> Decided:
    member = verdict.person_id or row.hash
    assert member is not None
    if member.bytes in members:  # the same person under another of their aliases
        return Decided(new_id(), row.row_number, "duplicate", hash=row.hash)
    members.add(member.bytes)
    if verdict.person_id is None or verdict.refusal == "unknown_person":
        return Decided(new_id(), row.row_number, "unknown_person", member=member, hash=row.hash)
    sealed = None
    if verdict.refusal is None and verdict.salt is not None:
        sealed = seal_variables(keys, verdict.salt, verdict.person_id, row.recipient.variables, nonce)
    return Decided(
        new_id(),
        row.row_number,
        verdict.refusal,
        verdict.refused_for if verdict.refusal else None,
        member,
        verdict.person_id,
        verdict.alias_id,
        row.hash,
        sealed,
        row.recipient.reference,
        verdict.consent_event_id,
        verdict.approval_event_id,
        verdict.basis_event_id,
        verdict.notice_version_id,
        verdict.suppression_event_id,
    )


def seal_variables(
    keys: TenantKeys, salt: bytes, person: UUID, variables: dict[str, str], nonce: bytes
) -> bytes | None:
    """The values of one message, sealed for its person. None when the template has no variables."""
    if not variables:
        return None
    return seal_alone(person_key(keys, salt), msgspec.json.encode(variables), b"variables|" + person.bytes, nonce)
