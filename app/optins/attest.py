"""Attest an approval that was given by a tap: with its İYS transaction it opens, before it does not."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select, text, update

from app.audit.record import record
from app.consents.append import append
from app.consents.errors import PersonErased, TimeOutOfRange
from app.consents.narrow import narrow
from app.consents.restrict import restrict
from app.consents.rows import Iys
from app.kit.clock import utc_now
from app.kit.db import Session
from app.kit.errors import FieldError
from app.kit.ids import encode
from app.optins.answer import METHOD, PREFIX, make_entry
from app.optins.errors import NotAwaitingIys
from app.optins.models import opt_in_challenges
from app.optins.queries import Challenge, get_challenge, get_offer
from app.people.find import Known
from app.people.still import hold_still
from app.runtime import TenantKeys

_table = opt_in_challenges.c
_person = text(
    "SELECT p.id, p.key_salt FROM aliases_v1 AS a JOIN people_v1 AS p ON p.tenant_id = a.tenant_id"
    " AND p.id = a.person_id WHERE a.tenant_id = :tenant AND a.id = :alias"
)


async def attest(
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    offer_id: UUID,
    challenge_id: UUID,
    iys: Iys,
    *,
    api_key_id: UUID,
    actor: str,
) -> Challenge:
    """Write the approval into the ledger, at the time of the tap, so that a STOP since then still wins.

    Raises NotFound, NotAwaitingIys, TimeOutOfRange for a day that is not here yet, PersonErased.
    """
    if iys.date > (utc_now() + timedelta(days=1)).date():
        raise TimeOutOfRange(errors=[FieldError("/date", TimeOutOfRange.code, TimeOutOfRange.message())])
    offer = await get_offer(session, tenant, offer_id)
    seen = await get_challenge(session, tenant, offer_id, challenge_id)
    await hold_still(session, tenant, [seen.person_id])  # before people's rows, as everybody takes the two
    await restrict(session, tenant, [seen.person_id])  # people before challenges, as whoever hears a STOP does
    wanted = select(opt_in_challenges).where(
        _table.tenant_id == tenant, _table.id == challenge_id, _table.offer_id == offer_id
    )
    row = (await session.execute(wanted.with_for_update())).one()
    if row.state != "awaiting_iys":
        raise NotAwaitingIys
    person = (await session.execute(_person, {"tenant": tenant, "alias": row.alias_id})).one()
    if person.key_salt is None:
        raise PersonErased
    who = Known(person.id, row.alias_id, person.key_salt)
    entry = make_entry(keys, row, offer, who, "given", row.answered_at, iys=iys)
    await append(session, tenant, [entry], entity="person", api_key_id=api_key_id)
    await narrow(session, tenant, who.person_id, offer.purpose, at=row.answered_at, method=METHOD)
    await session.execute(
        update(opt_in_challenges)
        .where(_table.tenant_id == tenant, _table.id == challenge_id)
        .values(state="given", attested_at=func.clock_timestamp())
    )
    object_id = encode(PREFIX, challenge_id)
    await record(session, tenant, action="opt_in.attested", actor=actor, object_id=object_id)
    return await get_challenge(session, tenant, offer_id, challenge_id)
