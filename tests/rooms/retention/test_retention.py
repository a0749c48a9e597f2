"""What is over goes, by rule and hold, page by page, and everything that went is written down."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from app.kit.ids import encode
from app.retention.run import destroy_webhooks, plan_retention, run_due, run_retention
from tests.cli.conftest import toplu
from tests.conftest import TestDatabase
from tests.furnish import Tenant, furnish
from tests.house import House, phone
from tests.rooms.retention.house import FULL, admin, choose, count, sent, shift, working

pytestmark = pytest.mark.anyio


@pytest.mark.covers("A4e")
async def test_the_content_of_messages_goes_after_ninety_days_and_their_records_stay(
    house: House, database: TestDatabase
) -> None:
    batch = await sent(house, phone(1), phone(2))

    async with working(house) as run:
        await house.stop_worker()  # its own daily run would be faster
        await shift(database, 89)
        early = await run_retention(run, house.tenant.id, actor="test")
        await shift(database, 91)
        planned = await plan_retention(run, house.tenant.id)
        ran = await run_retention(run, house.tenant.id, actor="test")

    assert 0 == early.destroyed["message_content"]
    assert {"message_content": 2} == dict(planned.destroyed)
    assert 2 == ran.destroyed["message_content"]
    assert 0 == await count(database, "messages", FULL)
    assert ["delivered", "delivered"] == [
        "delivered" if one["state"] in ("delivered", "read") else one["state"] for one in await house.messages(batch)
    ]
    assert all(one["evidence"] for one in await house.messages(batch))
    assert (await house.get(f"/v1/batches/{batch}/reconciliation"))["balanced"]


async def test_a_hold_keeps_one_persons_content_and_lifting_it_lets_it_go(house: House, database: TestDatabase) -> None:
    batch = await sent(house, phone(1), phone(2))
    person = (await house.messages(batch))[0]["person"]
    hold = await house.client.post(f"/v1/people/{person}/holds", json={"reason": "lawsuit", "reference": "2026/1184"})
    await house.stop_worker()  # its own daily run would be faster
    await shift(database, 91)

    async with working(house) as run:
        first = await run_retention(run, house.tenant.id, actor="test")
        held = await count(database, "messages", FULL)
        await house.client.post(f"/v1/holds/{hold.json()['id']}/lift")
        second = await run_retention(run, house.tenant.id, actor="test")

    assert (1, 1) == (first.destroyed["message_content"], held)
    assert 1 == second.destroyed["message_content"]
    again = await house.client.post(f"/v1/holds/{hold.json()['id']}/lift")
    assert (409, "hold_lifted") == (again.status_code, again.json()["code"])


async def test_everything_destroyed_is_in_the_log_by_rule_and_law(house: House, database: TestDatabase) -> None:
    await sent(house, phone(1), phone(2))
    await choose(house, {"data_class": "message_content", "purpose": "campaign_information", "keep_days": 7})
    await house.stop_worker()  # its own daily run would be faster
    await shift(database, 8)

    async with working(house) as run:
        await run_retention(run, house.tenant.id, actor="test")

    listed = (await house.get("/v1/destruction-runs"))["data"][0]  # the worker ran before, when nothing was over
    report = await house.get(f"/v1/destruction-runs/{listed['id']}")
    (item,) = [one for one in report["items"] if one["data_class"] == "message_content"]
    assert ("campaign_information", "destroy", 2, 7) == tuple(
        item[name] for name in ("purpose", "method", "size", "keep_days")
    )
    assert item["law_references"]
    assert 1 == await count(database, "audit_events", "action = 'retention.ran'")


async def test_records_go_with_their_rule_of_this_tenant_only(house: House, database: TestDatabase) -> None:
    other = await house.add_tenant("Öteki Ltd. Şti.")
    batch = await sent(house, phone(1))
    await theirs(house, other)
    chosen = await choose(house, {"data_class": "message_records", "keep_days": 1095})
    assert chosen.is_success, chosen.text
    await house.stop_worker()  # its own daily run would be faster
    await shift(database, 1096)

    async with working(house) as run:
        for tenant in (house.tenant.id, other.id):
            ran = await run_retention(run, tenant, actor="test")
            assert (1 if tenant == house.tenant.id else 0) == ran.destroyed["message_records"]

    mine, of_others = f"tenant_id = '{house.tenant.id}'", f"tenant_id = '{other.id}'"
    for table in ("messages", "outcomes", "delivery_events", "batch_members"):
        assert 0 == await count(database, table, mine), table
    assert 1 == await count(database, "messages", of_others)
    assert 0 == (await house.get(f"/v1/batches/{batch}"))["total"] - 1
    assert [] == await house.messages(batch)


async def theirs(house: House, other: Tenant) -> None:
    async with house.client_of(other) as client:
        await furnish(client, other, number="109999999999999")
        body = house.batch_of(phone(1)) | {"sender": other.sender}
        assert (await client.post("/v1/batches", json=body)).is_success


async def test_of_the_ledger_only_what_decides_nothing_any_more_goes(house: House, database: TestDatabase) -> None:
    await house.consent(phone(1))
    await house.withdraw(phone(1))
    await choose(
        house,
        {"data_class": "consent_records", "keep_days": 1095},
        {"data_class": "message_records", "keep_days": 1095},
    )
    before = await count(database, "consent_events")
    await house.stop_worker()  # its own daily run would be faster
    await shift(database, 1096)

    async with working(house) as run:
        ran = await run_retention(run, house.tenant.id, actor="test")

    assert 2 == ran.destroyed["consent_records"]  # the consent and the approval that were withdrawn
    assert before - 2 == await count(database, "consent_events")
    check = {"purpose": "campaign_information", "recipients": [{"to": phone(1)}]}
    verdict = (await house.client.post("/v1/consents/check", json=check)).json()["data"][0]
    assert "consent_withdrawn" == verdict["refusal"]
    await house.consent(phone(1))  # an hour ago, so before the withdrawal: it does not come back to life
    assert 0 == (await house.client.post("/v1/consents/check", json=check)).json()["allowed"]


async def test_a_run_comes_once_a_day_for_every_tenant_also_for_those_with_nothing(
    house: House, database: TestDatabase
) -> None:
    await house.stop_worker()
    before = await count(database, "destruction_runs")
    await house.add_tenant("Boş Ltd. Şti.")
    await shift(database, 1)

    async with working(house) as run:
        await run_due(run)
        first = await count(database, "destruction_runs")
        await run_due(run)
        second = await count(database, "destruction_runs")
        await shift(database, 2)
        await run_due(run)

    third = await count(database, "destruction_runs")
    assert (2, 2, 4) == (first - before, second - before, third - before)


async def test_that_nobody_ran_for_half_a_year_is_a_duty(api_only: House, database: TestDatabase) -> None:
    async with api_only.run.db.begin(api_only.tenant.id) as session:
        statement = text("SELECT due_at - started_at AS time FROM subject_duties_v1 WHERE kind = 'retention_run'")
        (duty,) = (await session.execute(statement)).all()

    assert timedelta(days=180) <= duty.time <= timedelta(days=185)


async def test_raw_webhooks_go_after_thirty_days_once_they_were_read_and_empty_months_are_dropped(
    house: House, database: TestDatabase
) -> None:
    await sent(house, phone(1))
    async with working(house) as run:
        await house.stop_worker()  # its own daily run would be faster
        await shift(database, 29)
        assert 0 == await destroy_webhooks(run)
        await house.stop_worker()
        await admin(
            database, "INSERT INTO toplu.webhook_queue (raw_id) SELECT min(id::text)::uuid FROM toplu.webhook_raw"
        )
        await shift(database, 31)
        await destroy_webhooks(run)
        waiting = await count(database, "webhook_raw")
        await admin(database, "DELETE FROM toplu.webhook_queue")
        await destroy_webhooks(run)
        left = await count(database, "webhook_raw")
        month = f"{datetime.now():%Y_%m}"  # noqa: DTZ005
        await admin(database, f"VACUUM toplu.webhook_raw_{month}")
        await shift(database, 130)
        await destroy_webhooks(run)

    assert (1, 0) == (waiting, left)
    tables = [
        row["relname"]
        for row in await admin(database, "SELECT relname FROM pg_class WHERE relname ~ '20[0-9]{2}_[01]'")
    ]
    assert f"webhook_raw_{month}" not in tables
    assert f"messages_{month}" in tables  # there is something in it


async def test_a_draft_that_nobody_started_is_cancelled_when_its_content_has_to_go(
    house: House, database: TestDatabase
) -> None:
    await house.consent(phone(1))
    draft = await house.send(phone(1), start=False)
    await shift(database, 91)

    async with working(house) as run:
        await run_retention(run, house.tenant.id, actor="test")
        await house.until(draft["id"], lambda body: body["counts"] == {"cancelled": 1})
        await run_retention(run, house.tenant.id, actor="test")

    assert "cancelled" == (await house.get(f"/v1/batches/{draft['id']}"))["state"]
    assert 0 == await count(database, "messages", FULL)


async def test_the_command_says_what_it_would_destroy_and_then_destroys_it(
    house: House, database: TestDatabase
) -> None:
    await sent(house, phone(1), phone(2))
    await house.stop_worker()  # its own daily run would be faster
    await shift(database, 91)
    master = house.settings.read_master_key()
    settings = {
        "TOPLU_DATABASE_URL": database.url,
        "TOPLU_MASTER_KEY": master,
        "TOPLU_REDIS_URL": "redis://127.0.0.1:9",
    }
    words = ["retention", "run", "--tenant", encode("ten", house.tenant.id)]

    looked = await asyncio.to_thread(toplu, *words, "--dry-run", **settings)
    left = await count(database, "messages", FULL)
    done = await asyncio.to_thread(toplu, *words, **settings)

    assert ["message_content", "2"] == looked.stdout.split()[:2], looked.stderr
    assert "Nothing was destroyed" in looked.stdout
    assert 2 == left
    assert "message_content" in done.stdout and "dst_" in done.stdout
    assert 0 == await count(database, "messages", FULL)
