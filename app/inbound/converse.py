"""Converse: the words of an opt-in's link, START, *no*, and taps under our own questions.

Apart from hearing a STOP, and after it: this writes consents, whose rows a bulk import may hold for a moment. Every
step here may come twice and is done once, because a challenge is begun by one message and answered by one tap.
"""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text

from app.consents.restrict import restrict
from app.inbound.hold import hold
from app.inbound.meet import Met, Spoken, meet_speakers
from app.inbound.owe import WINDOW, Owed, owe
from app.kit.clock import utc_now
from app.kit.db import Session
from app.optins.answer import Tap, answer, answer_no
from app.optins.begin import Say, begin
from app.optins.queries import find_offer_of_code, find_offer_on_start
from app.people.still import hold_still
from app.runtime import Runtime, TenantKeys
from app.tenants.keys import get_tenant_keys

TALK: Final = frozenset({"code", "start", "no", "tap"})
AT_ONCE: Final = 50  # messages in one transaction: it holds these people's rows

# Shorter than the pool's own: an import that holds these rows is met again on the next turn.
_patience = text("SET LOCAL lock_timeout = '1s'")


async def converse(run: Runtime, tenant: UUID, spoken: Sequence[Spoken]) -> None:
    """Go on with every conversation that these messages belong to, and owe the replies."""
    talking = [one for one in spoken if one.heard.wish in TALK]
    for start in range(0, len(talking), AT_ONCE):
        async with run.db.begin(tenant) as session:
            await session.execute(_patience)
            keys = await get_tenant_keys(run, session, tenant)
            met = await meet_speakers(session, tenant, keys, talking[start : start + AT_ONCE])
            heard = sorted((one for one in met if one.known), key=lambda one: one.at)
            await hold_still(session, tenant, ())  # a yes opens; before people's rows, as everybody takes the two
            await restrict(session, tenant, [person for one in heard for person in one.people])
            attested = run.settings.iys_mode == "attested"
            for one in heard:
                await owe(session, tenant, await _hear_out(session, tenant, keys, one, iys_attested=attested))


async def _hear_out(session: Session, tenant: UUID, keys: TenantKeys, one: Met, *, iys_attested: bool) -> list[Owed]:
    """What is owed for one message."""
    heard = one.spoken.heard
    tap = Tap(one.known, one.fingerprint, one.at, heard.code)
    match heard.wish:
        case "tap":
            return _owed(one, await answer(session, tenant, keys, tap, iys_attested=iys_attested))
        case "no":
            says = await answer_no(session, tenant, keys, tap)
            if says is None:
                await hold(session, tenant, keys, [one])
            return _owed(one, says or [])
        case "start":
            return await _begin_again(session, tenant, one)
        case _:
            return await _begin(session, tenant, one)


async def _begin(session: Session, tenant: UUID, one: Met) -> list[Owed]:
    """The link's words: a challenge for that person and act, if its window is still open."""
    offer = await find_offer_of_code(session, tenant, one.spoken.sender_id, one.spoken.heard.code or "")
    if offer is None or one.at + WINDOW <= utc_now():
        return []
    asked = await begin(session, tenant, offer, one.known[0], by=one.fingerprint, wrote_at=one.at)
    return _owed(one, [] if asked is None else [asked])


async def _begin_again(session: Session, tenant: UUID, one: Met) -> list[Owed]:
    """START gives nothing back: it begins the opt-in that the tenant made for it, or says how to consent again."""
    offer = await find_offer_on_start(session, tenant, one.spoken.sender_id)
    if offer is None:
        return [Owed("start_help", one.spoken.sender_id, one.known[0], one.fingerprint, one.at)]
    if one.at + WINDOW <= utc_now():
        return []
    asked = await begin(session, tenant, offer, one.known[0], by=one.fingerprint, wrote_at=one.at)
    return _owed(one, [] if asked is None else [asked])


def _owed(one: Met, says: Sequence[Say]) -> list[Owed]:
    sender, who = one.spoken.sender_id, one.known[0]
    return [Owed(say.kind, sender, who, one.fingerprint, one.at, challenge_id=say.challenge_id) for say in says]
