"""The main job: REST call, gate, queue, worker, WhatsApp, delivery log, and the answer to "why?"."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import Servers, TestDatabase
from tests.furnish import UTILITY
from tests.house import House, open_house, phone

pytestmark = pytest.mark.anyio


async def test_fifty_recipients_go_the_whole_way(house: House) -> None:
    phones = [phone(n) for n in range(50)]
    await house.consent(*phones)

    batch = await house.send(*phones)
    settled = await house.until_settled(batch["id"])

    assert 50 == settled["total"] == sum(settled["counts"].values())
    assert {"delivered", "read"} >= settled["counts"].keys()
    assert 50 == len(set(house.accepted()))
    first = (await house.messages(batch["id"]))[0]
    assert first["evidence"]["consent_event"].startswith("cev_")
    assert "allowed by consent" in first["why"]
    events = [event["kind"] for event in (await house.get(f"/v1/messages/{first['id']}/events"))["data"]]
    assert ["queued", "sending", "sent"] == events[:3]
    assert "delivered" in events


async def test_only_the_allowed_reach_whatsapp_and_the_others_are_told_why(house: House) -> None:
    consenting, elsewhere, withdrawn, unknown = (phone(n) for n in range(4))
    await house.consent(consenting, withdrawn)
    await house.consent(elsewhere, purpose="new_product_announcement")
    await house.withdraw(withdrawn)

    batch = await house.send(consenting, elsewhere, withdrawn, unknown, consenting.replace("+90", "0"))
    settled = await house.until_settled(batch["id"])

    assert 1 == len(house.accepted())
    assert {
        "consent_not_given": 1,
        "consent_withdrawn": 1,
        "unknown_person": 1,
        "duplicate": 1,
    } == settled["refusals"]
    assert [2, 3, 4, 5] == [row["row"] for row in batch["first_refusals"]]


async def test_a_withdrawal_between_accept_and_claim_stops_the_send(house: House) -> None:
    stays, leaves = phone(1), phone(2)
    await house.consent(stays, leaves)
    await house.stop_worker()
    batch = await house.send(stays, leaves)

    await house.withdraw(leaves)
    await house.start_worker()
    settled = await house.until_settled(batch["id"])

    assert 1 == len(house.accepted())
    assert {"consent_withdrawn": 1} == settled["refusals"]
    refused = next(row for row in await house.messages(batch["id"]) if row["state"] == "refused")
    assert "about to be sent" in refused["why"]


async def test_a_stop_typed_on_whatsapp_stops_a_queued_message(house: House) -> None:
    person = phone(7)
    await house.consent(person)
    await house.stop_worker()
    batch = await house.send(person)
    assert house.sandbox is not None
    await asyncio.to_thread(house.sandbox.inbound, person, text="İPTAL")

    await house.start_worker()
    settled = await house.until_settled(batch["id"])

    assert {"suppressed": 1} == settled["refusals"]
    assert [] == [opaque for opaque in house.accepted() if not opaque.startswith("confirm:")]


async def test_a_repeated_post_with_the_same_key_sends_nothing_twice(house: House) -> None:
    await house.consent(phone(1))
    headers = {"idempotency-key": "a-key-of-this-test"}
    body = house.batch_of(phone(1))

    first = await house.client.post("/v1/batches", json=body, headers=headers)
    again = await house.client.post("/v1/batches", json=body, headers=headers)
    other = await house.client.post("/v1/batches", json=body | {"reference": "x"}, headers=headers)
    await house.until_settled(first.json()["id"])

    assert (202, 202, 422) == (first.status_code, again.status_code, other.status_code)
    assert first.json() == again.json()
    assert "true" == again.headers["idempotency-replay"]
    assert 1 == len(house.accepted())


async def test_a_purpose_that_rests_on_a_contract_needs_its_assertion(house: House) -> None:
    with_basis, without = phone(1), phone(2)
    recipients = [
        {"to": with_basis, "variables": {"1": "A-17"}, "basis_ref": "order A-17"},
        {"to": without, "variables": {"1": "A-18"}},
    ]
    template = {"name": "order_update", "language": "tr"}

    batch = await house.send(purpose=UTILITY, template=template, recipients=recipients)
    settled = await house.until_settled(batch["id"])

    assert 1 == len(house.accepted())
    assert {"unknown_person": 1} == settled["refusals"]
    sent = next(row for row in await house.messages(batch["id"]) if row["state"] != "refused")
    assert sent["evidence"]["basis_event"].startswith("cev_")


async def test_reconciliation_counts_every_recipient_once(house: House) -> None:
    await house.consent(*[phone(n) for n in range(20)])
    batch = await house.send(*[phone(n) for n in range(30)])
    await house.until_settled(batch["id"])

    found = await house.get(f"/v1/batches/{batch['id']}/reconciliation")

    assert found["balanced"] and found["counters_match"]
    assert (30, 0, 0) == (found["total"], found["missing"], found["doubled"])
    assert {"unknown_person": 10} == found["refusals"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"sender": "snd_00000000000000000000000000"}, "unknown_sender"),
        ({"purpose": "no_such_purpose"}, "unknown_purpose"),
        ({"purpose": "other"}, "unknown_purpose"),
        ({"purpose": "product_matching"}, "purpose_not_sendable"),
        ({"template": {"name": "nothing", "language": "tr"}}, "unknown_template"),
        ({"purpose": "new_product_announcement"}, "template_not_bound"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "time_invalid"),
        ({"recipients": [{"to": "+905320000001"}] * 10_001}, "too_many_recipients"),
        ({"send_at": "2026-12-01T10:00:00"}, "validation_failed"),
        ({"surprise": 1}, "validation_failed"),
    ],
)
async def test_a_call_that_cannot_be_meant_accepts_nothing(
    api_only: House, change: dict[str, object], code: str
) -> None:
    answer = await api_only.client.post("/v1/batches", json=api_only.batch_of(phone(1)) | change)

    assert (422, code) == (answer.status_code, answer.json()["code"])
    assert "+90532" not in answer.text
    assert [] == (await api_only.get("/v1/batches"))["data"]


async def test_a_template_that_is_not_approved_is_refused(api_only: House) -> None:
    templates = (await api_only.get("/v1/templates"))["data"]
    offer = next(row for row in templates if row["name"] == "autumn_offer")
    await api_only.client.patch(f"/v1/templates/{offer['id']}", json={"status": "paused"})

    answer = await api_only.client.post("/v1/batches", json=api_only.batch_of(phone(1)))

    assert "template_not_approved" == answer.json()["code"]


async def test_every_answer_says_what_is_left_of_the_quota(
    servers: Servers, database: TestDatabase, tmp_path: Path
) -> None:
    async with open_house(
        database.url, servers.valkey.url, tmp_path, worker=False, sandbox=False, furnished=False, requests_per_minute=2
    ) as house:
        answers = [await house.client.get("/v1/batches") for _ in range(3)]

    assert [200, 200, 429] == [answer.status_code for answer in answers]
    assert '"default";q=2;w=60' == answers[0].headers["ratelimit-policy"]
    assert answers[2].headers["retry-after"]


async def test_one_message_is_a_batch_of_one(house: House) -> None:
    await house.consent(phone(1))
    wanted = {
        "sender": house.tenant.sender,
        "template": {"name": "autumn_offer", "language": "tr"},
        "purpose": "campaign_information",
        "variables": {"first_name": "Can"},
    }

    sent = await house.client.post("/v1/messages", json=wanted | {"to": phone(1)})
    refused = await house.client.post("/v1/messages", json=wanted | {"to": phone(2)})
    wrong = await house.client.post("/v1/messages", json=wanted | {"to": "hello"})
    await house.until_settled(sent.json()["batch"])

    assert (202, "queued") == (sent.status_code, sent.json()["state"])
    assert (202, "refused", "unknown_person") == (
        refused.status_code,
        refused.json()["state"],
        refused.json()["reason"],
    )
    assert (422, "/to") == (wrong.status_code, wrong.json()["errors"][0]["pointer"])
    assert f"/v1/messages/{sent.json()['id']}" == sent.headers["location"]
    assert 1 == len(house.accepted())


async def test_a_list_is_sent_in_the_order_it_was_given(api_only: House, database: TestDatabase) -> None:
    phones = [phone(n) for n in range(1000)]
    await api_only.consent(*phones)
    await api_only.send(*phones)
    connection = await asyncpg.connect(database.admin_url)

    rows = await connection.fetch(
        "SELECT m.row_number FROM toplu.dispatch AS d JOIN toplu.messages AS m USING (id) ORDER BY d.due_at, d.id"
    )
    await connection.close()

    assert [*range(1, 1001)] == [row["row_number"] for row in rows]
