"""WhatsApp names people: by number and user id together, and by a new number. They stay one person."""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.consents.acts import Entry
from app.consents.append import append
from app.kit.clock import utc_now
from tests.rooms.inbound.stand import CAMPAIGN, Stand, Tenant, a_phone, body_of, preference, said, status

pytestmark = pytest.mark.anyio


def a_user_id() -> str:
    return f"TR.{secrets.randbelow(10**18)}"


def changed(old: str | None, new: str | None, at: datetime | None = None, **system: Any) -> dict[str, Any]:
    """WhatsApp's word that somebody has a new number, or a new user id."""
    told = {"id": f"wamid.{secrets.token_hex(8)}", "timestamp": str(int((at or utc_now()).timestamp()))}
    told |= {} if old is None else {"from": old.removeprefix("+")}
    named = {} if new is None else {"wa_id": new.removeprefix("+")}
    kind = "user_changed_user_id" if new is None else "user_changed_number"
    return {**told, "type": "system", "system": {"type": kind, "body": "A changed to B", **named, **system}}


async def say(stand: Stand, tenant: Tenant, *messages: dict[str, Any]) -> None:
    await stand.tell(body_of(tenant.value(messages=list(messages))))


async def test_a_user_id_that_comes_with_a_known_number_is_learned(stand: Stand) -> None:
    tenant, phone, user_id = await stand.tenant(), a_phone(), a_user_id()
    person = await stand.consent(tenant, phone)

    await say(stand, tenant, said(phone, "merhaba", from_user_id=user_id))
    await say(stand, tenant, said(None, "DUR", from_user_id=user_id))

    assert person == await stand.person(tenant, user_id)
    assert "suppressed" == await stand.verdict(tenant, person)
    linked = "SELECT act, entity, channel, method FROM consent_events WHERE person_id = $1 AND record_kind = 'identity'"
    assert [("linked", "platform", "whatsapp", "told_together")] == await stand.rows(linked, person)


async def test_a_status_and_a_preference_teach_too(stand: Stand) -> None:
    tenant, phone, other = await stand.tenant(), a_phone(), a_phone()
    user_id, other_id = a_user_id(), a_user_id()
    person, second = await stand.consent(tenant, phone), await stand.consent(tenant, other)
    [message] = await stand.put(tenant, "sent")

    told = status(message, "delivered", recipient_id=phone.removeprefix("+"), recipient_user_id=user_id)
    await stand.tell(body_of(tenant.value(statuses=[told])))
    wish = preference(other, "signup") | {"user_id": other_id}
    await stand.tell(body_of(tenant.value(user_preferences=[wish]), field="user_preferences"))

    assert (person, second) == (await stand.person(tenant, user_id), await stand.person(tenant, other_id))


async def test_nobody_is_made_by_being_named(stand: Stand) -> None:
    tenant, phone, user_id = await stand.tenant(), a_phone(), a_user_id()

    await say(stand, tenant, said(phone, "merhaba", from_user_id=user_id))

    assert (None, None) == (await stand.person(tenant, phone), await stand.person(tenant, user_id))


async def test_a_stop_of_somebody_unknown_with_two_names_is_one_persons(stand: Stand) -> None:
    tenant, phone, user_id = await stand.tenant(), a_phone(), a_user_id()

    await say(stand, tenant, said(phone, "DUR", from_user_id=user_id))

    person = await stand.person(tenant, phone)
    assert person is not None
    assert person == await stand.person(tenant, user_id)
    assert [(1,)] == await stand.rows("SELECT count(*) FROM people WHERE tenant_id = $1", tenant.id)


async def test_two_people_that_turn_out_to_be_one_are_stopped_as_one(stand: Stand) -> None:
    tenant, phone, user_id = await stand.tenant(), a_phone(), a_user_id()
    person = await stand.consent(tenant, phone)
    await say(stand, tenant, said(None, "DUR", from_user_id=user_id))
    absorbed = await stand.person(tenant, user_id)

    before = await stand.verdict(tenant, person)
    await say(stand, tenant, said(phone, "merhaba", from_user_id=user_id))

    assert absorbed is not None
    assert before is None
    assert person == await stand.person(tenant, user_id) != absorbed
    assert ["suppressed"] * 2 == [await stand.verdict(tenant, who) for who in (person, absorbed)]


async def test_a_new_number_keeps_the_person_and_their_consents(stand: Stand) -> None:
    tenant, old, new, old_id, new_id = await stand.tenant(), a_phone(), a_phone(), a_user_id(), a_user_id()
    person = await stand.consent(tenant, old)
    await say(stand, tenant, said(old, "merhaba", from_user_id=old_id))

    await say(stand, tenant, changed(old, new, user_id=new_id, previous_user_id=old_id))

    names = [await stand.person(tenant, name) for name in (old, old_id, new, new_id)]
    assert [None, None, person, person] == names
    assert await stand.verdict(tenant, person) is None
    history = "SELECT closed_reason FROM aliases WHERE person_id = $1 AND closed_at IS NOT NULL ORDER BY 1"
    assert [("number_changed",), ("user_id_changed",)] == await stand.rows(history, person)


async def test_a_new_user_id_alone_is_followed(stand: Stand) -> None:
    tenant, phone, old_id, new_id = await stand.tenant(), a_phone(), a_user_id(), a_user_id()
    person = await stand.consent(tenant, phone)
    await say(stand, tenant, said(phone, "merhaba", from_user_id=old_id))

    await say(stand, tenant, changed(None, None, user_id=new_id, previous_user_id=old_id))

    assert [None, person, person] == [await stand.person(tenant, name) for name in (old_id, new_id, phone)]


async def test_whoever_had_the_new_number_before_gives_it_up_and_their_stop_stays_with_it(stand: Stand) -> None:
    tenant, old, new = await stand.tenant(), a_phone(), a_phone()
    person, before = await stand.consent(tenant, old), await stand.consent(tenant, new)
    await say(stand, tenant, said(new, "DUR", utc_now() - timedelta(minutes=5)))

    await say(stand, tenant, changed(old, new))

    assert person == await stand.person(tenant, new)
    assert ["suppressed"] * 2 == [await stand.verdict(tenant, who) for who in (person, before)]
    acts = "SELECT DISTINCT consent_act FROM consent_states WHERE person_id = $1 AND purpose_id = 7"
    assert [("withdrawn",)] == await stand.rows(acts, before)


async def test_consents_of_whoever_had_the_new_number_do_not_follow(stand: Stand) -> None:
    tenant, old, new = await stand.tenant(), a_phone(), a_phone()
    await say(stand, tenant, said(old, "DUR"))
    person, before = await stand.person(tenant, old), await stand.consent(tenant, new)

    await say(stand, tenant, changed(old, new))

    assert person is not None
    assert person == await stand.person(tenant, new)
    assert ("suppressed", "consent_invalidated") == (
        await stand.verdict(tenant, person),
        await stand.verdict(tenant, before),
    )


async def test_a_change_that_is_told_again_moves_nobody_a_second_time(stand: Stand) -> None:
    tenant, old, new = await stand.tenant(), a_phone(), a_phone()
    person, told = await stand.consent(tenant, old), changed(old, new, utc_now() - timedelta(minutes=5))
    await say(stand, tenant, told, told)
    stranger = await stand.consent(tenant, old, utc_now())  # the old number has somebody else now

    await say(stand, tenant, told)

    assert (stranger, person) == (await stand.person(tenant, old), await stand.person(tenant, new))
    assert await stand.verdict(tenant, stranger) is None


@pytest.mark.parametrize("told", [changed("+905320000001", None), {"type": "system", "id": "wamid.x", "system": 5}])
async def test_a_change_that_says_too_little_changes_nothing(stand: Stand, told: dict[str, Any]) -> None:
    tenant = await stand.tenant()

    await say(stand, tenant, told)

    assert 0 == await stand.queued()
    assert [(0,)] == await stand.rows("SELECT count(*) FROM people WHERE tenant_id = $1", tenant.id)


async def test_a_consent_that_is_being_recorded_while_two_become_one_is_not_lost(stand: Stand) -> None:
    tenant, phone, user_id = await stand.tenant(), a_phone(), a_user_id()
    person = await stand.consent(tenant, phone)
    await say(stand, tenant, said(None, "merhaba", from_user_id=user_id), said(None, "DUR", from_user_id=user_id))
    absorbed = await stand.person(tenant, user_id)
    assert absorbed is not None
    line = Entry(absorbed, "explicit_consent", "given", 4, utc_now() - timedelta(hours=1), "web_form")

    async with stand.api.db.begin(tenant.id) as session:
        await append(session, tenant.id, [line], entity="person", api_key_id=None)
        learning = asyncio.create_task(say(stand, tenant, said(phone, "merhaba", from_user_id=user_id)))
        await asyncio.sleep(0.3)
        apart = await stand.person(tenant, user_id)
    await learning
    async with stand.api.db.begin(tenant.id) as session:  # found before, written after
        again = Entry(absorbed, "explicit_consent", "given", CAMPAIGN, utc_now(), "web_form")
        await append(session, tenant.id, [again], entity="person", api_key_id=None)

    assert (absorbed, person) == (apart, await stand.person(tenant, user_id))
    states = (
        "SELECT purpose_id, consent_act FROM consent_states WHERE person_id = $1 AND purpose_id IN (4, 7) ORDER BY 1"
    )
    assert [(4, "withdrawn"), (7, "given")] == await stand.rows(states, person)


async def test_a_stop_does_not_wait_while_people_become_one(stand: Stand) -> None:
    """Two becoming one wait for whoever records consents; a STOP waits for neither."""
    tenant, phone, user_id, other = await stand.tenant(), a_phone(), a_user_id(), a_phone()
    await stand.consent(tenant, phone)
    person = await stand.consent(tenant, other)
    await say(stand, tenant, said(None, "DUR", from_user_id=user_id))
    line = Entry(person, "explicit_consent", "given", 4, utc_now() - timedelta(hours=1), "import")

    async with stand.api.db.begin(tenant.id) as session:
        await append(session, tenant.id, [line], entity="person", api_key_id=None)
        learning = asyncio.create_task(say(stand, tenant, said(phone, "merhaba", from_user_id=user_id)))
        await asyncio.sleep(0.2)
        await asyncio.wait_for(say(stand, tenant, said(other, "DUR")), 10)
        while_waiting = await stand.verdict(tenant, person)
    await learning
    await stand.due_again()
    await stand.settle()

    assert "suppressed" == while_waiting
    assert 0 == await stand.queued()
