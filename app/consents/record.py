"""Record consents and approvals, given or refused: many people, many purposes, one set."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from app.consents.acts import Entry
from app.consents.append import append
from app.consents.errors import NumberInvalid, PersonErased
from app.consents.evidence import seal_evidence
from app.consents.judge import Notices, judge
from app.consents.queries import find_notice_purposes
from app.consents.rows import Consent, Fault, Recorded
from app.consents.who import Named, meet, name
from app.kit.clock import utc_now
from app.kit.db import Session
from app.people.find import Known
from app.purposes.queries import Purpose, list_purposes
from app.runtime import TenantKeys


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
    transaction.
    """
    purposes = {purpose.key: purpose for purpose in await list_purposes(session) if purpose.active}
    notices = await find_notice_purposes(session, tenant, {row.notice_version_id for row in rows})
    named, faults = _judge_all(keys, rows, purposes, notices, iys_attested=iys_attested)
    if faults and not skip:
        return Recorded(0, faults)
    people = await meet(session, tenant, keys, named.values())
    entries: list[Entry] = []
    for index, one in named.items():
        entry = _entry(keys, rows[index], purposes, people[one.hash])
        if entry is None:
            faults.append(Fault(index, one.field, PersonErased))
        else:
            entries.append(entry)
    if faults and not skip:
        return Recorded(0, faults)
    await append(session, tenant, entries, entity="person", api_key_id=api_key_id)
    return Recorded(len(entries), sorted(faults, key=lambda fault: fault.index))


def _judge_all(
    keys: TenantKeys,
    rows: Sequence[Consent],
    purposes: Mapping[str, Purpose],
    notices: Notices,
    *,
    iys_attested: bool,
) -> tuple[dict[int, Named], list[Fault]]:
    """Whom each good row names, by its place, and the faults of the others."""
    now = utc_now()
    named: dict[int, Named] = {}
    faults: list[Fault] = []
    for index, row in enumerate(rows):
        who = name(keys, row.to, row.user_id)
        wrong = judge(row, purposes, notices, iys_attested=iys_attested, now=now)
        if who is None:
            faults.append(Fault(index, "to" if row.user_id is None else "user_id", NumberInvalid))
        elif wrong is not None:
            faults.append(Fault(index, *wrong))
        else:
            named[index] = who
    return named, faults


def _entry(keys: TenantKeys, row: Consent, purposes: Mapping[str, Purpose], person: Known) -> Entry | None:
    """The ledger's line of a good row; None when the person was erased."""
    if person.salt is None:
        return None
    return Entry(
        person.person_id,
        row.kind,
        row.act,
        purposes[row.purpose].id,
        row.occurred_at,
        row.channel,
        row.method,
        row.notice_version_id,
        row.valid_until,
        None if row.iys is None else row.iys.transaction_id,
        None if row.iys is None else row.iys.date,
        seal_evidence(keys, person.salt, person.person_id, row.evidence) if row.evidence else None,
    )
