"""The people that a call is about, when one act concerns all of them: read, found, or made."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.consents import schemas
from app.consents.errors import NumberInvalid, TimeOutOfRange
from app.consents.fields import known
from app.consents.read_rows import Wrong, read_rows, reject
from app.consents.rows import Fault, Recorded, time_fault
from app.consents.who import meet, name
from app.kit.clock import utc_now
from app.kit.errors import FieldError
from app.tenants.door import Transaction


@dataclass(frozen=True, slots=True)
class Met:
    """Who the rows name. Two rows may name one person, by two aliases or twice."""

    people: list[UUID]
    rows: int
    wrong: list[Wrong]
    occurred_at: datetime


async def name_people(tx: Transaction, given: Sequence[Any], occurred_at: Any, *, skip: bool) -> Met:
    """The people behind the list `people`, and the moment of the act: now, when it was left out.

    Raises TimeOutOfRange, and without `skip` whatever is wrong with the rows.
    """
    now = utc_now()
    moment: datetime = known(occurred_at) or now
    if time_fault(moment, None, now) is not None:
        raise TimeOutOfRange(errors=[FieldError("/occurred_at", TimeOutOfRange.code, TimeOutOfRange.message())])
    read = read_rows("people", given, schemas.PersonName, lambda row: (known(row.to), known(row.user_id)))
    named = [name(tx.keys, to, user_id) for to, user_id in read.rows]
    faults = [
        Fault(index, "to" if read.rows[index][1] is None else "user_id", NumberInvalid)
        for index, one in enumerate(named)
        if one is None
    ]
    wrong = read.after(Recorded(0, faults))
    if not skip:
        reject(wrong)
    good = [one for one in named if one is not None]
    met = await meet(tx.session, tx.tenant, tx.keys, good)
    people = list(dict.fromkeys(met[one.hash].person_id for one in good))
    return Met(people, len(good), wrong, moment)
