"""Take in one chunk of an import: judge, append, ask the gate what opened, and write down what became of each row."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from app.consents.acts import Entry
from app.consents.append import append
from app.consents.imports.rows import Given
from app.consents.record import Judged, judge_rows, make_entries
from app.consents.rows import Consent
from app.consents.who import meet
from app.kit.db import Session
from app.kit.sql import sql_beside
from app.people.find import find_people
from app.runtime import TenantKeys

CHUNK_ROWS = 1_000  # a transaction of some 0.1 s on quiet cores: the most that a STOP has to wait for

Outcome = Literal["opened", "recorded", "repeated", "refused"]
OLDER = "older_than_later_act"
REFUSAL = "refusal_recorded"

_repeated = sql_beside(__file__, "repeated")
_verdicts = sql_beside(__file__, "verdicts")
_take = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Target:
    """The import a chunk belongs to."""

    tenant: UUID
    import_id: UUID
    api_key_id: UUID | None
    iys_attested: bool


@dataclass(frozen=True, slots=True)
class Became:
    """What became of one row. `detail` is the field that is wrong, or the record that is in the way."""

    row_number: int
    outcome: Outcome
    reason: str | None = None
    detail: str | None = None
    person_id: UUID | None = None


@dataclass(slots=True)
class Progress:
    """What became of all rows so far."""

    rows: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, became: Iterable[Became]) -> None:
        """Count one chunk in."""
        for one in became:
            self.rows += 1
            self.outcomes[one.outcome] += 1
            if one.reason is not None:
                self.reasons[one.reason] += 1


async def take(session: Session, keys: TenantKeys, target: Target, given: Sequence[Given], so_far: Progress) -> None:
    """Take in one chunk in the caller's transaction, and count it into `so_far`."""
    read = [one for one in given if one.consent is not None]
    rows = [one.consent for one in read if one.consent is not None]
    became = [
        Became(one.row_number, "refused", one.problem, one.problem_field or None)
        for one in given
        if one.consent is None
    ]
    numbers = [one.row_number for one in read]
    became += await _take_rows(session, keys, target, rows, numbers)
    became.sort(key=lambda one: one.row_number)
    so_far.add(became)
    await _write(session, target, became, so_far)


async def _take_rows(
    session: Session, keys: TenantKeys, target: Target, rows: Sequence[Consent], numbers: Sequence[int]
) -> list[Became]:
    tenant = target.tenant
    judged = await judge_rows(session, tenant, keys, rows, iys_attested=target.iys_attested, lenient=True)
    known = await find_people(session, tenant, {one.hash for one in judged.named.values()})
    people = known | await meet(session, tenant, keys, (one for one in judged.named.values() if one.hash not in known))
    entries = await make_entries(session, tenant, keys, rows, judged, people)
    before = {person.person_id for person in known.values()}
    repeated = await _find_repeated(session, tenant, entries, before)
    fresh = {index: entry for index, entry in entries.items() if index not in repeated}
    await append(session, tenant, list(fresh.values()), entity="person", api_key_id=target.api_key_id)
    verdicts = await _ask(session, tenant, fresh.values())
    became = [Became(numbers[fault.index], "refused", fault.error.code, fault.field) for fault in judged.faults]
    for index, entry in entries.items():
        outcome, reason, detail = (
            ("repeated", None, None) if index in repeated else _outcome(index, entry, judged, verdicts)
        )
        became.append(Became(numbers[index], outcome, reason, detail, entry.person_id))
    return became


def _outcome(
    index: int, entry: Entry, judged: Judged, verdicts: dict[tuple[UUID, int], tuple[str | None, str | None]]
) -> tuple[Outcome, str | None, str | None]:
    if entry.act == "invalid":
        return "recorded", str(entry.circumstances.details["invalid"]), None
    if entry.act == "imported":
        missing = judged.unproven[index]
        return "recorded", missing.error.code, missing.field
    if entry.act != "given":
        return "recorded", REFUSAL, None
    refusal, refused_for = verdicts[entry.person_id, entry.purpose_id]
    if refusal is None:
        return "opened", None, None
    if refused_for == entry.record_kind and refusal != "consent_expired" and refusal != "notice_stale":
        return "recorded", OLDER, None  # this very kind was given, and yet does not stand: something newer does
    return "recorded", refusal, refused_for


async def _find_repeated(session: Session, tenant: UUID, entries: dict[int, Entry], before: set[UUID]) -> set[int]:
    """The rows that are in the ledger already, or earlier in this chunk. Who is new has nothing in the ledger."""
    seen: set[tuple[object, ...]] = set()
    repeated: set[int] = set()
    asked: dict[int, Entry] = {}
    for index, entry in entries.items():
        corrects = entry.circumstances.supersedes_id
        key = (entry.person_id, entry.record_kind, entry.purpose_id, entry.act, entry.occurred_at, corrects)
        if key in seen:
            repeated.add(index)
        elif entry.person_id in before:
            asked[index] = entry
        seen.add(key)
    if asked:
        lines = asked.values()
        found = await session.scalars(
            _repeated,
            {
                "tenant": tenant,
                "places": list(asked),
                "people": [line.person_id for line in lines],
                "kinds": [line.record_kind for line in lines],
                "purposes": [line.purpose_id for line in lines],
                "acts": [line.act for line in lines],
                "times": [line.occurred_at for line in lines],
                "superseded": [line.circumstances.supersedes_id for line in lines],
            },
        )
        repeated.update(found)
    return repeated


async def _ask(
    session: Session, tenant: UUID, entries: Iterable[Entry]
) -> dict[tuple[UUID, int], tuple[str | None, str | None]]:
    """What the gate says now of every person and purpose for which something was given."""
    pairs = list(dict.fromkeys((entry.person_id, entry.purpose_id) for entry in entries if entry.act == "given"))
    if not pairs:
        return {}
    people, purposes = [person for person, _ in pairs], [purpose for _, purpose in pairs]
    rows = await session.execute(_verdicts, {"tenant": tenant, "people": people, "purposes": purposes})
    return {(row.person_id, row.purpose_id): (row.refusal, row.refused_for) for row in rows}


async def _write(session: Session, target: Target, became: Sequence[Became], so_far: Progress) -> None:
    outcomes = so_far.outcomes
    await session.execute(
        _take,
        {
            "tenant": target.tenant,
            "import": target.import_id,
            "rows": so_far.rows,
            "opened": outcomes["opened"],
            "recorded": outcomes["recorded"],
            "repeated": outcomes["repeated"],
            "refused": outcomes["refused"],
            "reasons": list(so_far.reasons),
            "numbers": list(so_far.reasons.values()),
            "last_row": became[-1].row_number,
            "row_numbers": [one.row_number for one in became],
            "outcomes": [one.outcome for one in became],
            "why": [one.reason for one in became],
            "details": [one.detail for one in became],
            "people": [one.person_id for one in became],
        },
    )
