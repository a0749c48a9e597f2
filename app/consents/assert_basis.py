"""Assert a basis other than consent for people, such as a contract; and end it again."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from app.consents.acts import BasisAct, Entry
from app.consents.append import append
from app.consents.errors import BasisNotApplicable, NumberInvalid, PersonErased, TimeOutOfRange
from app.consents.evidence import seal_evidence
from app.consents.rows import Basis, Fault, Recorded, time_fault
from app.consents.who import Named, meet, name
from app.kit.clock import utc_now
from app.kit.db import Session
from app.people.find import Known
from app.people.recognise import recognise
from app.people.seal import AliasKind
from app.purposes.errors import UnknownPurpose
from app.purposes.queries import Purpose, list_purposes
from app.runtime import TenantKeys


async def assert_bases(
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    rows: Sequence[Basis],
    *,
    api_key_id: UUID | None,
    skip: bool = False,
) -> Recorded:
    """Assert each row's basis; people who are not known yet are made.

    `reference` (and `law_article`) is sealed as evidence. Rows with a fault are left out when `skip`; otherwise one
    fault means that nothing is recorded.
    """
    return await _act(session, tenant, keys, rows, "asserted", api_key_id=api_key_id, skip=skip)


async def end_bases(
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    rows: Sequence[Basis],
    *,
    api_key_id: UUID | None,
    skip: bool = False,
) -> Recorded:
    """End each row's basis: nothing more is sent on it. Faults as with `assert_bases`."""
    return await _act(session, tenant, keys, rows, "ended", api_key_id=api_key_id, skip=skip)


async def assert_bases_of(
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    purpose_id: int,
    named: Mapping[UUID, tuple[tuple[AliasKind, str], str]],
    *,
    api_key_id: UUID | None,
) -> None:
    """Assert the basis of recipients in the transaction that accepts them: fingerprint to (alias, reference).

    The caller has made sure that the purpose takes a basis. Erased people are passed over; the gate refuses them.
    """
    people = await recognise(session, tenant, keys, {hash_: alias for hash_, (alias, _) in named.items()})
    now = utc_now()
    entries = [
        _entry(keys, Basis("", now, reference=reference), purpose_id, people[hash_], "asserted")
        for hash_, (_, reference) in named.items()
        if people[hash_].salt is not None
    ]
    await append(session, tenant, entries, entity="tenant", api_key_id=api_key_id)


async def _act(
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    rows: Sequence[Basis],
    act: BasisAct,
    *,
    api_key_id: UUID | None,
    skip: bool,
) -> Recorded:
    purposes = {purpose.key: purpose for purpose in await list_purposes(session) if purpose.active}
    named, faults = _judge_all(keys, rows, purposes)
    if faults and not skip:
        return Recorded(0, faults)
    people = await meet(session, tenant, keys, named.values())
    entries: list[Entry] = []
    for index, one in named.items():
        person = people[one.hash]
        if person.salt is None and act == "asserted":
            faults.append(Fault(index, one.field, PersonErased))
        else:
            entries.append(_entry(keys, rows[index], purposes[rows[index].purpose].id, person, act))
    if faults and not skip:
        return Recorded(0, faults)
    await append(session, tenant, entries, entity="tenant", api_key_id=api_key_id)
    return Recorded(len(entries), sorted(faults, key=lambda fault: fault.index))


def _judge_all(
    keys: TenantKeys, rows: Sequence[Basis], purposes: Mapping[str, Purpose]
) -> tuple[dict[int, Named], list[Fault]]:
    """Whom each good row names, by its place, and the faults of the others."""
    now = utc_now()
    named: dict[int, Named] = {}
    faults: list[Fault] = []
    for index, row in enumerate(rows):
        who = name(keys, row.to, row.user_id)
        purpose = purposes.get(row.purpose)
        late = time_fault(row.occurred_at, row.valid_until, now)
        if who is None:
            faults.append(Fault(index, "to" if row.user_id is None else "user_id", NumberInvalid))
        elif purpose is None or purpose.needs_consent:
            faults.append(Fault(index, "purpose", UnknownPurpose if purpose is None else BasisNotApplicable))
        elif late is not None:
            faults.append(Fault(index, late, TimeOutOfRange))
        else:
            named[index] = who
    return named, faults


def _entry(keys: TenantKeys, row: Basis, purpose_id: int, person: Known, act: BasisAct) -> Entry:
    given = {"reference": row.reference, "law_article": row.law_article}
    evidence = {name: value for name, value in given.items() if value is not None}
    return Entry(
        person.person_id,
        "basis_assertion",
        act,
        purpose_id,
        row.occurred_at,
        row.channel,
        valid_until=row.valid_until,
        evidence=seal_evidence(keys, person.salt, person.person_id, evidence)
        if evidence and person.salt is not None
        else None,
    )
