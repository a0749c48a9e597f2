"""A person's rights, the whole way: what was really sent is exported, erased, and stays gone."""

import asyncio
import hashlib
import json
import re
from typing import Any

import asyncpg
import pytest
from markupsafe import escape
from sqlalchemy import text

from app.inbound.receive import where_raw
from app.kit.crypto import unseal
from app.runtime import open_runtime
from app.subjects.search import search_webhooks
from tests.conftest import TestDatabase
from tests.house import House, phone
from tests.privacy.canary import CANARY, NAME, ROW, dump, found_in

pytestmark = pytest.mark.anyio

EVIDENCE = {"form": f"Form of {NAME}"}


async def consent_of_the_canary(house: House) -> str:
    """Consent and approval with telling evidence. The person's id."""
    await house.consent(CANARY)
    at = "2026-01-02T10:00:00Z"
    consent = {
        "to": CANARY,
        "purpose": "campaign_information",
        "act": "given",
        "channel": "web_form",
        "occurred_at": at,
        "method": "checkbox",
        "notice_version_id": house.tenant.notice_version,
        "evidence": EVIDENCE,
    }
    answer = await house.client.post("/v1/consents", json={"consents": [consent]})
    assert answer.is_success, answer.text
    check = {"purpose": "campaign_information", "recipients": [{"to": CANARY}]}
    verdict = (await house.client.post("/v1/consents/check", json=check)).json()["data"][0]
    return str(verdict["person_id"])


async def sent_to_the_canary(house: House) -> str:
    person = await consent_of_the_canary(house)
    batch = await house.send(recipients=[ROW | {"reference": f"crm {NAME}"}])
    await house.until_settled(batch["id"])
    await raw_is_read(house)
    return person


async def raw_is_read(house: House) -> None:
    async with asyncio.timeout(20):
        async with house.run.db.begin() as session:
            while await session.scalar(text("SELECT count(*) FROM webhook_queue")):
                await asyncio.sleep(0.05)


async def exported(house: House, person: str, **query: str) -> dict[str, Any]:
    answer = await house.client.post(f"/v1/people/{person}/export", json={"reason": "request"}, params=query)
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def erase(house: House, person: str) -> dict[str, Any]:
    answer = await house.client.post(f"/v1/people/{person}/erase", json={"reason": "request"})
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def raw_webhooks(house: House, database: TestDatabase) -> str:
    """Every kept webhook, opened with the master key."""
    key = house.run.master.subkey("webhook-raw")
    connection = await asyncpg.connect(database.admin_url)
    try:
        rows = await connection.fetch("SELECT id, body_ct FROM toplu.webhook_raw")
    finally:
        await connection.close()
    return "\n".join(unseal(key, row["body_ct"], where_raw(row["id"])).decode() for row in rows)


@pytest.mark.covers("A4e")
async def test_an_erased_person_can_be_read_from_nothing_that_is_kept(house: House, database: TestDatabase) -> None:
    person = await sent_to_the_canary(house)
    assert found_in(await raw_webhooks(house, database))

    gone = await erase(house, person)
    async with open_runtime(house.settings, "worker") as run:
        destroyed = await search_webhooks(run)

    assert destroyed > 0
    assert [] == found_in(await raw_webhooks(house, database))
    assert [] == found_in(await dump(database))
    assert {"person_key", "person_aliases", "message_content"} == {one["what"] for one in gone["destroyed"]}
    shown = json.dumps(await exported(house, person))
    assert [] == found_in(shown)
    assert '"value": null' in shown and '"purpose_kept": true' in shown


async def test_raw_webhooks_of_others_stay(house: House, database: TestDatabase) -> None:
    person = await sent_to_the_canary(house)
    await house.consent(phone(7))
    await house.until_settled((await house.send(phone(7)))["id"])
    await raw_is_read(house)

    await erase(house, person)
    async with open_runtime(house.settings, "worker") as run:
        await search_webhooks(run)

    assert phone(7)[1:] in await raw_webhooks(house, database)


async def test_erasing_stops_what_is_queued_at_once(house: House) -> None:
    person = await consent_of_the_canary(house)
    batch = await house.send(recipients=[ROW], send_at="2099-01-01T00:00:00Z", expires_at="2099-01-02T00:00:00Z")

    gone = await erase(house, person)

    assert 1 == gone["messages_refused"]
    (message,) = await house.messages(batch["id"])
    assert ("refused", "unknown_person") == (message["state"], message["reason"])
    assert "the person was erased" in message["why"]
    again = await house.send(recipients=[ROW])
    assert {"unknown_person": 1} == again["refusals"]
    assert [] == house.accepted()


async def test_a_stop_survives_erasing_and_importing_the_number_again(house: House) -> None:
    person = await consent_of_the_canary(house)
    stop = {"people": [{"to": CANARY}], "scope": "marketing", "channel": "api", "by": "person"}
    assert (await house.client.post("/v1/suppressions", json=stop)).is_success

    await erase(house, person)
    imported = await house.client.post(
        "/v1/bases",
        json={
            "bases": [{"to": CANARY, "purpose": "order_status_notification", "reference": "x"}],
            "on_invalid": "skip",
        },
    )
    batch = await house.send(recipients=[ROW])

    assert 0 == imported.json()["recorded"]
    assert {"suppressed": 1} == batch["refusals"]


async def test_who_comes_back_by_their_own_act_begins_anew_and_stays_stopped(house: House) -> None:
    person = await consent_of_the_canary(house)
    stop = {"people": [{"to": CANARY}], "scope": "marketing", "channel": "api", "by": "person"}
    await house.client.post("/v1/suppressions", json=stop)
    await erase(house, person)

    too_early = {"to": CANARY, "occurred_at": "2026-01-03T10:00:00Z", "channel": "web_form", "reference": "order-7"}
    refused = await house.client.post("/v1/people/reopen", json=too_early)
    async with house.run.db.begin() as session:
        now = (await session.execute(text("SELECT clock_timestamp()"))).scalar_one().isoformat()
    reopened = await house.client.post("/v1/people/reopen", json=too_early | {"occurred_at": now})

    assert (422, "nobody_to_reopen") == (refused.status_code, refused.json()["code"])
    assert person == reopened.json()["person"]
    check = {"purpose": "campaign_information", "recipients": [{"to": CANARY}]}
    verdict = (await house.client.post("/v1/consents/check", json=check)).json()["data"][0]
    assert "suppressed" == verdict["refusal"]
    lifted = await house.client.post("/v1/suppressions/lift", json=stop)
    assert lifted.is_success
    verdict = (await house.client.post("/v1/consents/check", json=check)).json()["data"][0]
    assert "consent_withdrawn" == verdict["refusal"]  # nothing of before counts
    await house.client.post(
        "/v1/bases",
        json={"bases": [{"to": CANARY, "purpose": "order_status_notification", "reference": "order 7"}]},
    )
    order = {"purpose": "order_status_notification", "recipients": [{"to": CANARY}]}
    assert 1 == (await house.client.post("/v1/consents/check", json=order)).json()["allowed"]
    assert CANARY in [one["value"] for one in (await exported(house, person))["aliases"]]


@pytest.mark.covers("O11")
async def test_an_export_shows_one_person_whole_and_nobody_else(house: House) -> None:
    person = await sent_to_the_canary(house)
    await house.consent(phone(8))
    await house.until_settled((await house.send(phone(8)))["id"])

    body = await exported(house, person)

    assert ("phone", CANARY) in [(one["kind"], one["value"]) for one in body["aliases"]]
    (message,) = body["messages"]
    assert (True, []) == (message["purpose_kept"], message["purpose_faults"])
    assert {"first_name": NAME} == message["variables"]
    assert EVIDENCE in [one["evidence"] for one in body["records"]]
    assert message["consent_event"] in [one["id"] for one in body["records"]]
    assert "Kişisel verileriniz" in body["notices"][0]["body"]
    assert {"campaign_information"} == {one["key"] for one in body["purposes"]}
    assert "WhatsApp" in body["disclosures"][0]["recipient"]
    assert body["retention"] and body["automated_decisions"] and body["not_included"]
    assert phone(8) not in json.dumps(body)
    async with house.run.db.begin(house.tenant.id) as session:
        asked = text("SELECT object_id, actor, detail FROM audit_events WHERE action = 'person.exported'")
        rows = (await session.execute(asked)).all()
    assert [(person, body["export"]["made_with"], body["export"]["id"])] == [
        (row.object_id, row.actor, row.detail["export"]) for row in rows
    ]


async def test_a_message_that_did_not_keep_to_its_purpose_is_shown_as_such(
    house: House, database: TestDatabase
) -> None:
    """The export recomputes from the ledger, so it sees what the sending path is there to prevent."""
    person = await sent_to_the_canary(house)
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute("SET search_path = toplu; SET session_replication_role = replica")
        await connection.execute(
            "INSERT INTO consent_events (id, tenant_id, person_id, record_kind, act, entity, purpose_id,"
            " purpose_version, occurred_at, recorded_at, channel)"
            " SELECT new_id(), tenant_id, person_id, record_kind, 'withdrawn', 'person', purpose_id, 1,"
            " occurred_at + interval '1 second', recorded_at + interval '1 millisecond', 'api'"
            " FROM consent_events WHERE record_kind = 'explicit_consent'"
        )
    finally:
        await connection.close()

    (message,) = (await exported(house, person))["messages"]

    assert (False, ["explicit_consent_taken_back_before"]) == (message["purpose_kept"], message["purpose_faults"])


@pytest.mark.parametrize("language", ["tr", "en"])
async def test_the_page_is_readable_whole_and_escapes_everything(house: House, language: str) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>&{{7*7}}"
    await house.consent(CANARY)
    batch = await house.send(
        recipients=[{"to": CANARY, "variables": {"first_name": hostile}, "reference": f"</td>{hostile}"}]
    )
    await house.until_settled(batch["id"])
    person = (await house.messages(batch["id"]))[0]["person"]
    asked = {"kind": "access", "channel": "email", "identity_check": "signed_in", "details": hostile}
    assert (await house.client.post(f"/v1/people/{person}/requests", json=asked)).status_code == 201

    answer = await house.client.post(
        f"/v1/people/{person}/export",
        json={"reason": "request"},
        params={"language": language},
        headers={"accept": "text/html"},
    )

    page = answer.text
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["content-disposition"].startswith("attachment")
    assert f'<html lang="{language}">' in page and page.rstrip().endswith("</html>")
    assert [] == re.findall(r"<script|<img", page)
    assert "&lt;/td&gt;&lt;script&gt;" in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 3
    assert "&amp;{{7*7}}" in page  # text of others is never read as a template
    assert [] == re.findall(r"(?:src|href)=", page.replace("src=x onerror", ""))  # it loads nothing
    assert CANARY in page
    title = {"tr": "Hakkınızda tutulan veriler", "en": "What is held about you"}[language]
    assert f"<h1>{title}</h1>" in page
    (notice,) = (await exported(house, person))["notices"]
    assert notice["sha256"] == hashlib.sha256(notice["text"].encode()).hexdigest()
    assert str(escape(notice["text"])) in page  # all that was shown, with the blocks, and not only its opening words
    assert [] == re.findall(r"explicit_consent|campaign_information|kvkk_5_1|web_form", page)  # words, and no codes
