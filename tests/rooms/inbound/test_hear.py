"""A person says STOP: it holds at once, once, for whoever they are, and nobody else's act undoes it."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.inbound.words import STOPPED, UNDO
from app.kit.clock import utc_now
from tests.rooms.inbound.stand import UPDATES, Stand, Tenant, a_phone, body_of, preference, said, second

pytestmark = pytest.mark.anyio

WITHDRAWALS = 10  # five marketing purposes, each with consent and approval


async def say(stand: Stand, tenant: Tenant, *messages: dict[str, Any]) -> None:
    await stand.tell(body_of(tenant.value(messages=list(messages))))


async def switch(stand: Stand, tenant: Tenant, *preferences: dict[str, Any]) -> None:
    await stand.tell(body_of(tenant.value(user_preferences=list(preferences)), field="user_preferences"))


async def suppressions(stand: Stand, person: UUID | None) -> dict[str, str]:
    """Who raised (or lifted) a stop of marketing."""
    return dict(
        await stand.rows(
            "SELECT raised_by, act FROM suppressions WHERE person_id = $1 AND scope = 'marketing'"
            " AND kind = 'suppression'",
            person,
        )
    )


async def test_a_stop_suppresses_marketing_and_withdraws_what_was_given(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()
    person = await stand.consent(tenant, phone)
    assert await stand.verdict(tenant, person) is None

    await say(stand, tenant, said(phone, "Çıkış!"))

    assert "suppressed" == await stand.verdict(tenant, person)
    assert {"person": "raised"} == await suppressions(stand, person)
    state = await stand.rows(
        "SELECT consent_act, approval_act FROM consent_states WHERE person_id = $1 AND purpose_id = 7", person
    )
    assert [("withdrawn", "withdrawn")] == state
    assert "suppressed" != await stand.verdict(tenant, person, UPDATES)


async def test_the_ledger_says_who_when_and_how(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()
    person, at = await stand.consent(tenant, phone), utc_now() - timedelta(minutes=2)

    await say(stand, tenant, said(phone, "DUR", at))

    lines = await stand.rows(
        "SELECT DISTINCT entity, channel, method, occurred_at FROM consent_events"
        " WHERE person_id = $1 AND act <> 'given'",
        person,
    )
    assert [("person", "whatsapp", "keyword", second(at))] == lines


async def test_a_stop_of_somebody_unknown_holds_for_what_is_imported_later(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()

    await say(stand, tenant, said(phone, "İPTAL"))
    imported = await stand.consent(tenant, phone)

    assert imported == await stand.person(tenant, phone)
    assert "suppressed" == await stand.verdict(tenant, imported)


async def test_a_stop_with_number_and_user_id_holds_for_both(stand: Stand) -> None:
    tenant, phone, user_id = await stand.tenant(), a_phone(), "TR.1349150012345"

    await say(stand, tenant, said(phone, "DUR", from_user_id=user_id))

    for alias in (phone, user_id):
        assert {"person": "raised"} == await suppressions(stand, await stand.person(tenant, alias))


async def test_a_person_without_a_number_is_known_by_the_user_id(stand: Stand) -> None:
    tenant = await stand.tenant()

    await say(stand, tenant, said(None, "STOP", from_user_id="TR.77"))

    assert {"person": "raised"} == await suppressions(stand, await stand.person(tenant, "TR.77"))
    assert "TR.77" == stand.confirmations()[0]["recipient"]


@pytest.mark.parametrize(
    "pressed",
    [
        {"type": "button", "button": {"payload": "OPTOUT", "text": "Artık istemiyorum"}},
        {"type": "button", "button": {"payload": "Durdur", "text": "Durdur"}},
        {"type": "interactive", "interactive": {"button_reply": {"id": "STOP", "title": "Artık istemiyorum"}}},
    ],
    ids=["payload", "label_as_payload", "reply"],
)
async def test_a_button_stops_too(stand: Stand, pressed: dict[str, Any]) -> None:
    tenant, phone = await stand.tenant(), a_phone()

    await say(stand, tenant, said(phone, "", **pressed))

    assert {"person": "raised"} == await suppressions(stand, await stand.person(tenant, phone))


async def test_a_stop_delivered_three_times_acts_once(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()
    person, stop = await stand.consent(tenant, phone), said(phone, "STOP")

    await say(stand, tenant, stop, stop)
    await say(stand, tenant, stop)
    await asyncio.gather(say(stand, tenant, stop), say(stand, tenant, stop))

    assert 1 + WITHDRAWALS == len(await stand.ledger(person))
    assert 1 == len(stand.confirmations())
    assert 1 == (await stand.rows("SELECT count(*) FROM inbound_messages WHERE tenant_id = $1", tenant.id))[0][0]


async def test_what_people_write_is_noted_without_the_words_and_without_the_number(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()

    await say(stand, tenant, said(phone, "merhaba"), said(phone, "siparişim nerede", type="audio"))

    noted = await stand.rows(
        "SELECT kind, keyword, person_id, withdrawn_at FROM inbound_messages WHERE tenant_id = $1 ORDER BY kind",
        tenant.id,
    )
    assert [("audio", None, None, None), ("text", None, None, None)] == noted
    assert await stand.person(tenant, phone) is None
    assert [] == stand.confirmations()


async def test_a_stop_is_the_tenants_it_was_said_to(stand: Stand) -> None:
    one, two, phone = await stand.tenant(), await stand.tenant(), a_phone()
    theirs = await stand.consent(two, phone)

    await say(stand, one, said(phone, "DUR"))

    assert await stand.verdict(two, theirs) is None


async def test_a_platform_stop_suppresses_and_its_resume_lifts_it(stand: Stand) -> None:
    tenant, phone, now = await stand.tenant(), a_phone(), utc_now()
    person = await stand.consent(tenant, phone)

    await switch(stand, tenant, preference(phone, "stop", now - timedelta(minutes=2)))
    stopped = await stand.verdict(tenant, person)
    await switch(stand, tenant, preference(phone, "resume", now - timedelta(minutes=1)))

    assert ("suppressed", None) == (stopped, await stand.verdict(tenant, person))
    assert {"platform": "lifted"} == await suppressions(stand, person)
    assert [] == stand.confirmations()


async def test_a_platform_resume_never_lifts_the_persons_own_stop(stand: Stand) -> None:
    tenant, phone, now = await stand.tenant(), a_phone(), utc_now()
    person = await stand.consent(tenant, phone)
    await say(stand, tenant, said(phone, "DUR", now - timedelta(minutes=3)))
    await switch(stand, tenant, preference(phone, "stop", now - timedelta(minutes=2)))

    await switch(stand, tenant, preference(phone, "resume", now - timedelta(minutes=1)))

    assert "suppressed" == await stand.verdict(tenant, person)
    assert {"person": "raised", "platform": "lifted"} == await suppressions(stand, person)


async def test_an_older_platform_stop_that_comes_late_does_not_undo_a_newer_resume(stand: Stand) -> None:
    tenant, phone, now = await stand.tenant(), a_phone(), utc_now()
    person = await stand.consent(tenant, phone)
    stop, resume = (preference(phone, wish, now - timedelta(minutes=m)) for wish, m in (("stop", 9), ("resume", 5)))

    for _ in range(3):
        await switch(stand, tenant, resume)
        await switch(stand, tenant, stop)

    assert {"platform": "lifted"} == await suppressions(stand, person)
    assert 2 == len(await stand.ledger(person))


async def test_a_resume_or_a_signup_of_somebody_unknown_does_nothing(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()

    await switch(stand, tenant, preference(phone, "resume"), preference(phone, "signup"))

    assert await stand.person(tenant, phone) is None


async def test_a_stop_from_the_future_does_not_outlast_a_later_consent(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()

    await say(stand, tenant, said(phone, "DUR", utc_now() + timedelta(days=365)))

    ((at, is_past),) = await stand.rows(
        "SELECT acted_at, acted_at <= clock_timestamp() FROM suppressions WHERE person_id = $1",
        await stand.person(tenant, phone),
    )
    assert is_past, at


async def test_an_older_consent_that_is_imported_after_the_stop_stays_without_effect(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()
    await say(stand, tenant, said(phone, "DUR"))

    person = await stand.consent(tenant, phone, utc_now() - timedelta(days=30))

    state = await stand.rows("SELECT consent_act FROM consent_states WHERE person_id = $1 AND purpose_id = 7", person)
    assert [("withdrawn",)] == state


async def test_a_stop_does_not_wait_for_an_import_that_holds_the_consents(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()
    person = await stand.consent(tenant, phone)

    async with stand.admin.transaction():
        await stand.admin.execute("SELECT FROM consent_states WHERE person_id = $1 FOR UPDATE", person)
        await say(stand, tenant, said(phone, "DUR"))
        during = (await stand.verdict(tenant, person), await stand.queued())
    await stand.due_again()
    await stand.settle()

    assert ("suppressed", 1) == during
    assert 0 == await stand.queued()
    assert 1 + WITHDRAWALS == len(await stand.ledger(person))
    assert 1 == len(stand.confirmations())


async def test_a_stop_is_confirmed_once_neutrally_within_the_window(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()

    await say(stand, tenant, said(phone, "DUR"))
    await say(stand, tenant, said(phone, "DUR dedim"), said(phone, "STOP"))

    (posted,) = stand.confirmations()
    assert (phone, "text", STOPPED + UNDO) == (posted["to"], posted["type"], posted["text"]["body"])
    assert posted["biz_opaque_callback_data"].startswith("confirm:")
    assert f"/{tenant.number}/messages" in stand.posted.requests[0].decode("latin-1")


async def test_a_stop_that_is_older_than_the_window_holds_and_is_not_confirmed(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()

    await say(stand, tenant, said(phone, "DUR", utc_now() - timedelta(hours=24, minutes=1)))

    assert {"person": "raised"} == await suppressions(stand, await stand.person(tenant, phone))
    assert [] == stand.confirmations()


async def test_a_paused_sender_confirms_nothing(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()
    await stand.admin.execute("UPDATE senders SET state = 'paused' WHERE id = $1", tenant.sender)

    await say(stand, tenant, said(phone, "DUR"))

    assert {"person": "raised"} == await suppressions(stand, await stand.person(tenant, phone))
    assert [] == stand.confirmations()


async def test_a_token_that_does_not_open_costs_the_confirmation_and_not_the_stop(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()
    await stand.admin.execute("UPDATE senders SET token_ct = 'x' WHERE id = $1", tenant.sender)

    await say(stand, tenant, said(phone, "DUR"))

    assert {"person": "raised"} == await suppressions(stand, await stand.person(tenant, phone))
    assert (0, []) == (await stand.queued(), stand.confirmations())
