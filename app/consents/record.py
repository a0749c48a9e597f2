"""Record consents and approvals, given or refused: many people, many purposes, one set."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from app.consents.acts import Act, Discount, Entry
from app.consents.append import append
from app.consents.errors import NumberInvalid, PersonErased
from app.consents.evidence import seal_evidence
from app.consents.judge import judge, lacks_proof
from app.consents.queries import find_evidence_ids, find_notices
from app.consents.refer import fault_of_references, find_corrected, find_referred
from app.consents.rows import Consent, Fault, Recorded
from app.consents.who import Named, meet, name
from app.kit.clock import utc_now
from app.kit.db import Session
from app.people.find import Known
from app.purposes.queries import Purpose, list_purposes
from app.runtime import TenantKeys


@dataclass(slots=True)
class Judged:
    """Rows that were looked at: whom the good ones name, by place, and what is wrong with the others.

    `unproven` names the good rows that lack proof, with what is missing; only with `lenient`.
    """

    purposes: Mapping[str, Purpose]
    named: dict[int, Named] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    unproven: dict[int, Fault] = field(default_factory=dict)

    def act(self, index: int, row: Consent) -> Act:
        """What the ledger says of the row: what it says itself, unless it does not count or lacks proof."""
        if row.discount is not None:
            return "invalid"
        return "imported" if index in self.unproven else row.act


async def record(
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    rows: Sequence[Consent],
    *,
    api_key_id: UUID | None,
    iys_attested: bool = True,
    skip: bool = False,
) -> Recorded:
    """Append the rows to the ledger and fold them; people who are not known yet are made.

    Rows with a fault are left out when `skip`; otherwise one fault means that nothing is recorded. The newest act
    counts, so neither the order of the rows nor a repetition matters. `iys_attested`: an approval needs its İYS
    transaction. A row with a `discount` is recorded as `invalid` and opens nothing; so is one that says again what was
    corrected.
    """
    judged = await judge_rows(session, tenant, keys, rows, iys_attested=iys_attested)
    if judged.faults and not skip:
        return Recorded(0, judged.faults)
    people = await meet(session, tenant, keys, judged.named.values())
    entries = await make_entries(session, tenant, keys, rows, judged, people)
    faults = sorted(judged.faults, key=lambda fault: fault.index)
    if faults and not skip:
        return Recorded(0, faults)
    discounted = {index: why for index in entries if (why := rows[index].discount) is not None}
    for index in await find_corrected(session, tenant, entries):
        entries[index] = _not_counted(entries[index], "corrected")
        discounted[index] = "corrected"
    await append(session, tenant, list(entries.values()), entity="person", api_key_id=api_key_id)
    return Recorded(len(entries), faults, discounted)


async def judge_rows(
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    rows: Sequence[Consent],
    *,
    iys_attested: bool,
    lenient: bool = False,
) -> Judged:
    """Look at every row before the first is written. With `lenient`, missing proof is no fault."""
    purposes = {purpose.key: purpose for purpose in await list_purposes(session) if purpose.active}
    notices = await find_notices(session, tenant, {row.notice_version_id for row in rows})
    named_proofs = {proof for row in rows for proof in row.circumstances.evidence_ids}
    proofs = await find_evidence_ids(session, tenant, named_proofs)
    judged = Judged(purposes)
    now = utc_now()
    for index, row in enumerate(rows):
        who = name(keys, row.to, row.user_id)
        wrong = judge(row, purposes, notices, proofs, now=now)
        missing = lacks_proof(row, iys_attested=iys_attested)
        if who is None:
            judged.faults.append(Fault(index, "to" if row.user_id is None else "user_id", NumberInvalid))
        elif wrong is not None:
            judged.faults.append(Fault(index, *wrong))
        elif missing is not None and not lenient:
            judged.faults.append(Fault(index, *missing))
        else:
            judged.named[index] = who
            if missing is not None:
                judged.unproven[index] = Fault(index, *missing)
    return judged


async def make_entries(
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    rows: Sequence[Consent],
    judged: Judged,
    people: Mapping[UUID, Known],
) -> dict[int, Entry]:
    """The ledger's lines of the good rows, by place. What turns out wrong only now is added to the faults.

    That is: somebody was erased, or the line that a row corrects or renews is another person's.
    """
    referred = await find_referred(session, tenant, rows)
    entries: dict[int, Entry] = {}
    for index, one in judged.named.items():
        row, person = rows[index], people[one.hash]
        purpose_id = judged.purposes[row.purpose].id
        wrong = fault_of_references(row, person.person_id, purpose_id, referred)
        if person.salt is None:
            judged.faults.append(Fault(index, one.field, PersonErased))
        elif wrong is not None:
            judged.faults.append(Fault(index, *wrong))
        else:
            entries[index] = _entry(keys, row, judged.act(index, row), purpose_id, person, person.salt)
    return entries


def _entry(keys: TenantKeys, row: Consent, act: Act, purpose_id: int, person: Known, salt: bytes) -> Entry:
    entry = Entry(
        person.person_id,
        row.kind,
        act,
        purpose_id,
        row.occurred_at,
        row.channel,
        row.method,
        row.notice_version_id,
        row.valid_until,
        None if row.iys is None else row.iys.transaction_id,
        None if row.iys is None else row.iys.date,
        seal_evidence(keys, salt, person.person_id, row.evidence) if row.evidence else None,
        row.circumstances,
    )
    return entry if row.discount is None else _not_counted(entry, row.discount)


def _not_counted(entry: Entry, why: Discount) -> Entry:
    details = {**entry.circumstances.details, "invalid": why}
    return dataclasses.replace(
        entry, act="invalid", circumstances=dataclasses.replace(entry.circumstances, details=details)
    )
