"""Consent asked in the chat: the person writes first, is asked about one act, taps, and only that opens."""

import hashlib
import logging

import asyncpg
import pytest

from app.consents.acts import Evidence
from app.consents.evidence import open_evidence
from app.tenants.keys import get_tenant_keys
from tests.conftest import TestDatabase
from tests.flows.chat import (
    NO,
    UNDO,
    WHO,
    YES,
    acts,
    admin,
    attest,
    both,
    buttons_of,
    challenges,
    offer,
    received,
    say,
    settled,
    text_of,
    until_counts,
    until_received,
    verdict,
    words_of,
)
from tests.house import House, phone
from tests.privacy.canary import dump

pytestmark = pytest.mark.anyio


async def test_a_person_who_writes_first_and_taps_twice_gets_a_campaign(house: House) -> None:
    consent, approval = await both(house)

    await say(house, WHO, text=words_of(consent))
    (question,) = await until_received(house, WHO, 1)
    before = await verdict(house, WHO)
    await say(house, WHO, tap=YES)
    _, confirmed, second = await until_received(house, WHO, 3)
    between = await verdict(house, WHO)
    await say(house, WHO, tap=YES)
    (waiting,) = (await until_counts(house, approval, awaiting_iys=1), await challenges(house, approval))[1]
    unattested = await verdict(house, WHO)
    attested = await attest(house, approval, waiting)
    batch = await house.send(WHO)
    done = await house.until_settled(batch["id"])

    assert [(False, "consent_not_given")] * 3 == [before, between, unattested]
    assert ([YES, NO], [UNDO], [YES, NO]) == tuple(list(buttons_of(one)) for one in (question, confirmed, second))
    assert question["type"] == second["type"] == "interactive"
    assert {200: 1} == {attested: 1}
    assert (True, None) == await verdict(house, WHO)
    assert 1 == done["counts"].get("delivered", 0) + done["counts"].get("read", 0)
    assert [
        ("explicit_consent", "given", "double_opt_in"),
        ("commercial_approval", "given", "double_opt_in"),
    ] == await acts(house, waiting["person_id"])


@pytest.mark.covers("P10")
async def test_the_confirmation_comes_the_same_day_and_rests_on_the_persons_own_message(
    house: House, database: TestDatabase
) -> None:
    made = await offer(house)

    await say(house, WHO, text=words_of(made))
    await until_received(house, WHO, 1)
    await say(house, WHO, tap=YES)
    await until_received(house, WHO, 2)
    await until_counts(house, made, given=1)
    (one,) = await challenges(house, made)

    connection = await asyncpg.connect(database.admin_url, server_settings={"search_path": "toplu"})
    rows = await connection.fetch(
        "SELECT r.kind, p.key, r.window_until > r.made_at AS open, i.fingerprint IS NOT NULL AS written"
        " FROM chat_replies AS r JOIN purposes AS p ON p.id = r.purpose_id"
        " LEFT JOIN inbound_messages AS i ON i.tenant_id = r.tenant_id AND i.fingerprint = r.answers ORDER BY r.id"
    )
    await connection.close()
    assert [
        ("opt_in_question", "inquiry_complaint_response", True, True),
        ("opt_in_confirmation", "inquiry_complaint_response", True, True),
    ] == [tuple(row) for row in rows]
    assert one["answered_at"] is not None
    assert [("explicit_consent", "given", "double_opt_in")] == await acts(house, one["person_id"])


async def test_the_ledger_holds_sealed_what_proves_the_tap(house: House, database: TestDatabase) -> None:
    made = await offer(house)
    await say(house, WHO, text=words_of(made))
    (question,) = await until_received(house, WHO, 1)
    await say(house, WHO, tap=YES)
    await until_counts(house, made, given=1)
    (one,) = await challenges(house, made)

    connection = await asyncpg.connect(database.admin_url, server_settings={"search_path": "toplu"})
    line = await connection.fetchrow(
        "SELECT e.*, p.key_salt FROM consent_events AS e JOIN people AS p ON p.id = e.person_id WHERE e.act = 'given'"
    )
    await connection.close()
    stored = Evidence(line["evidence_ct"], line["evidence_digest"])
    async with house.run.db.begin(house.tenant.id) as session:
        keys = await get_tenant_keys(house.run, session, house.tenant.id)
    evidence, genuine = open_evidence(keys, line["key_salt"], line["person_id"], stored)

    assert ("person", "whatsapp", None) == (line["entity"], line["channel"], line["api_key_id"])
    assert (True, one["id"], made["question_sha256"]) == (genuine, evidence["challenge"], evidence["question_sha256"])
    assert hashlib.sha256(buttons_of(question)[YES].encode()).hexdigest() == evidence["payload_sha256"]
    assert hashlib.sha256(text_of(question).encode()).hexdigest() == made["question_sha256"]
    assert {"first_message", "first_message_at", "asked_at", "tap_message", "tapped_at", "language"} < evidence.keys()


async def test_a_question_that_nobody_tapped_for_a_day_is_expired(house: House, database: TestDatabase) -> None:
    made = await offer(house)
    await say(house, WHO, text=words_of(made))
    await until_received(house, WHO, 1)
    await until_counts(house, made, asked=1)

    await admin(
        database,
        "UPDATE opt_in_challenges SET asked_at = asked_at - interval '25 hours',"
        " expires_at = expires_at - interval '25 hours', person_wrote_at = person_wrote_at - interval '25 hours'",
    )
    shown = await house.get(f"/v1/opt-ins/{made['id']}")
    await say(house, WHO, tap=YES)
    _, late = await until_received(house, WHO, 2)

    assert {"expired": 1} == {state: many for state, many in shown["counts"].items() if many}
    assert "hiçbir onay kaydedilmedi" in text_of(late)
    assert (False, "consent_not_given") == await verdict(house, WHO)
    assert [] == await acts(house, (await challenges(house, made))[0]["person_id"])


async def test_repeated_webhooks_change_nothing(house: House) -> None:
    made = await offer(house)

    first = await say(house, WHO, text=words_of(made))
    for _ in range(2):
        await say(house, WHO, text=words_of(made), wamid=first)
    await until_received(house, WHO, 1)
    tapped = await say(house, WHO, tap=YES)
    await until_received(house, WHO, 2)
    for _ in range(2):
        await say(house, WHO, tap=YES, wamid=tapped)
        await say(house, WHO, text=words_of(made), wamid=first)
    await settled(house)

    (one,) = await challenges(house, made)
    assert 1 == len(await acts(house, one["person_id"]))
    assert 2 == len(received(house, WHO))


async def test_writing_the_words_again_does_not_ask_again_while_the_question_is_open(house: House) -> None:
    made = await offer(house)

    await say(house, WHO, text=words_of(made))
    await until_received(house, WHO, 1)
    await say(house, WHO, text=f"Tekrar: {words_of(made)}")
    await settled(house)

    assert 1 == len(await challenges(house, made)) == len(received(house, WHO))


async def test_what_proves_the_person_is_in_no_answer_no_log_and_no_table(
    house: House, database: TestDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    made = await offer(house)
    with caplog.at_level(logging.DEBUG):
        await say(house, WHO, text=words_of(made))
        (question,) = await until_received(house, WHO, 1)
        await say(house, WHO, tap=YES)
        _, confirmed = await until_received(house, WHO, 2)
        await until_counts(house, made, given=1)
    tokens = [*buttons_of(question).values(), *buttons_of(confirmed).values()]

    paths = ("/v1/opt-ins", f"/v1/opt-ins/{made['id']}", f"/v1/opt-ins/{made['id']}/challenges", "/v1/reviews")
    answers = [(await house.client.get(path)).text for path in paths]
    person = (await challenges(house, made))[0]["person_id"]
    answers.append((await house.client.get(f"/v1/people/{person}/consents")).text)
    places = "\n".join([*answers, caplog.text, await dump(database)])

    assert 3 == len(set(tokens))
    assert [] == [token for token in tokens if token in places or token.removeprefix("toplu:") in places]
    assert WHO[1:] not in places


async def test_somebody_elses_payload_opens_nothing(house: House) -> None:
    made, other = await offer(house), phone(72)
    await say(house, WHO, text=words_of(made))
    (question,) = await until_received(house, WHO, 1)

    await house.consent(other, purpose="new_product_announcement")
    await say(house, other, reply=buttons_of(question)[YES])
    await say(house, other, reply="toplu:" + "x" * 32)
    await settled(house)

    assert [(False, "consent_not_given")] * 2 == [await verdict(house, other), await verdict(house, WHO)]
    assert ["asked"] == [one["state"] for one in await challenges(house, made)]
