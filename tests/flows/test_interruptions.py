"""What is lost when something goes away in the middle of a batch: nothing, and nothing is sent twice."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest
import redis

from app.kit.queue import QUEUE_NAME
from app.kit.servers import FAST_AND_FORGETFUL, Postgres, throwaway_data_dir
from tests.conftest import LOGIN, PASSWORD, Servers, TestDatabase, migrate
from tests.house import House, open_house, phone
from tests.worker_process import WorkerProcess

pytestmark = pytest.mark.anyio


async def test_with_polling_off_the_bell_alone_drains_a_batch(house: House, tmp_path: Path) -> None:
    await house.stop_worker()
    await house.consent(*[phone(n) for n in range(20)])

    with WorkerProcess(house.settings, tmp_path / "worker.log", poll_s=0.0):
        await _until_a_worker_is_ready(house)
        batch = await house.send(*[phone(n) for n in range(20)])
        settled = await house.until_settled(batch["id"])  # the webhooks' bell counts, too

    assert 20 == sum(settled["counts"].values()) == len(house.accepted())
    assert {"delivered", "read"} >= settled["counts"].keys()


async def test_with_valkey_down_polling_alone_drains_a_batch(
    servers: Servers, database: TestDatabase, tmp_path: Path
) -> None:
    nowhere = "redis://127.0.0.1:9/0"
    async with open_house(database.url, nowhere, tmp_path, worker=False) as house:
        await house.consent(*[phone(n) for n in range(20)])

        with WorkerProcess(house.settings, tmp_path / "worker.log") as worker:
            batch = await house.send(*[phone(n) for n in range(20)])
            settled = await house.until_settled(batch["id"])
            exit_code = await asyncio.to_thread(worker.terminate)

    assert 20 == sum(settled["counts"].values())
    assert 0 == exit_code


@pytest.mark.covers("O5")
async def test_flushall_before_a_worker_hears_and_in_the_middle_loses_nothing(
    servers: Servers, house: House, tmp_path: Path
) -> None:
    await house.stop_worker()
    phones = [phone(n) for n in range(500)]
    await house.consent(*phones)
    await house.client.patch(f"/v1/senders/{house.tenant.sender}", json={"messages_per_second": 250})
    with redis.Redis.from_url(servers.valkey.url) as valkey:
        batch = await house.send(*phones)
        rung = valkey.zcard(QUEUE_NAME)
        valkey.flushall()
        with WorkerProcess(house.settings, tmp_path / "worker.log"):
            await house.until(batch["id"], lambda body: body["counts"].get("queued", 0) < 450)

            valkey.flushall()
            middle = await house.get(f"/v1/batches/{batch['id']}")
            settled = await house.until_settled(batch["id"])

    assert rung and middle["counts"]["queued"] > 0  # a bell was lost, and much was still to come
    assert 500 == sum(settled["counts"].values())
    assert {"delivered", "read"} >= settled["counts"].keys()
    assert 500 == len(set(house.accepted())) == len(house.accepted())


@pytest.mark.covers("O5")
async def test_sigterm_loses_nothing_and_leaves_nothing_uncertain(house: House, tmp_path: Path) -> None:
    assert house.sandbox is not None
    await house.stop_worker()
    phones = [phone(n) for n in range(300)]
    await house.consent(*phones)
    await asyncio.to_thread(house.sandbox.knobs, latency_ms=200)
    # three seconds of sending, so that the middle of it is met on a slow machine, too
    await house.client.patch(f"/v1/senders/{house.tenant.sender}", json={"messages_per_second": 100})
    with WorkerProcess(house.settings, tmp_path / "first.log") as worker:
        batch = await house.send(*phones)
        await house.until(batch["id"], lambda body: body["counts"].get("sending", 0) > 0)
        assert 0 == await asyncio.to_thread(worker.terminate)
    between = await house.get(f"/v1/batches/{batch['id']}")

    with WorkerProcess(house.settings, tmp_path / "second.log"):
        settled = await house.until_settled(batch["id"])

    assert "sending" not in between["counts"] and "uncertain" not in between["counts"]
    assert 300 == sum(settled["counts"].values()) == len(house.accepted()) == len(set(house.accepted()))


async def test_a_worker_that_is_told_to_end_claims_nothing_more_while_its_jobs_end(
    house: House, database: TestDatabase, tmp_path: Path
) -> None:
    await house.stop_worker()
    phones = [phone(n) for n in range(300)]
    await house.consent(*phones)
    await house.client.patch(f"/v1/senders/{house.tenant.sender}", json={"messages_per_second": 20})
    other, admin = await asyncpg.connect(database.admin_url), await asyncpg.connect(database.admin_url)
    claimed = "SELECT count(*) FROM toplu.delivery_events WHERE kind = 'sending'"
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    with WorkerProcess(house.settings, tmp_path / "worker.log") as worker:
        async with asyncio.timeout(60), other.transaction():
            await other.execute("LOCK TABLE toplu.chat_replies IN ACCESS EXCLUSIVE MODE")
            batch = await house.send(*phones)
            while await admin.fetchval(waiting) < 2:  # the look of its own, and the job of a webhook's bell
                await asyncio.sleep(0.05)
            worker.process.terminate()
            await asyncio.sleep(1)
            early = await admin.fetchval(claimed)
            await asyncio.sleep(1.5)
            late, ended = await admin.fetchval(claimed), worker.process.poll()
        code = await asyncio.to_thread(worker.process.wait, 60)
    left = (await house.get(f"/v1/batches/{batch['id']}"))["counts"]
    await other.close()
    await admin.close()

    assert (None, early, 0) == (ended, late, code)
    assert left["queued"] > 0 and not {"sending", "uncertain"} & left.keys()


async def test_after_kill_9_what_was_on_its_way_is_uncertain_until_a_webhook_tells(
    servers: Servers, database: TestDatabase, tmp_path: Path
) -> None:
    short = {"whatsapp_read_timeout_s": 0.5, "sending_lease_s": 21.0, "lease_s": 1.0}
    async with open_house(database.url, servers.valkey.url, tmp_path, worker=False, **short) as house:
        assert house.sandbox is not None
        phones = [phone(n) for n in range(40)]
        await house.consent(*phones)
        await asyncio.to_thread(house.sandbox.knobs, latency_ms=400, hold_webhooks=True)
        await house.client.patch(f"/v1/senders/{house.tenant.sender}", json={"messages_per_second": 20})
        with WorkerProcess(house.settings, tmp_path / "worker.log") as worker:
            batch = await house.send(*phones)
            await house.until(batch["id"], lambda body: body["counts"].get("sending", 0) > 0)
            worker.kill()
        await _forget_leases(database)

        await house.start_worker()
        await house.until(batch["id"], lambda body: body["state"] == "completed")
        uncertain = (await house.get(f"/v1/batches/{batch['id']}"))["counts"].get("uncertain", 0)
        await asyncio.to_thread(house.sandbox.knobs, hold_webhooks=False)
        posted = len(house.accepted())
        settled = await house.until(
            batch["id"], lambda body: body["counts"].get("uncertain", 0) == 40 - posted and "sent" not in body["counts"]
        )

        assert uncertain > 0
        assert posted == len(set(house.accepted()))
        assert 40 == sum(settled["counts"].values())


async def test_a_whatsapp_that_answers_nothing_does_not_cost_a_whole_batch(house: House) -> None:
    assert house.sandbox is not None
    await house.consent(*[phone(n) for n in range(300)])
    await asyncio.to_thread(house.sandbox.knobs, faults={"html_502": 1.0})
    await house.client.patch(f"/v1/senders/{house.tenant.sender}", json={"messages_per_second": 100})

    batch = await house.send(*[phone(n) for n in range(300)])
    stopped = await house.until(
        batch["id"], lambda body: body["counts"].get("uncertain", 0) >= 20 and "sending" not in body["counts"]
    )

    assert stopped["counts"]["queued"] > 200
    assert "running" == stopped["state"]


@pytest.fixture
def own_place() -> Iterator[Path]:
    """A folder that a server's own account can enter."""
    with throwaway_data_dir() as place:
        yield place


async def test_without_the_database_a_call_is_told_to_come_back_and_then_taken_once(
    servers: Servers, tmp_path: Path, own_place: Path
) -> None:
    """A database server of its own, stopped and started again under an API that stays."""
    place = own_place / "postgres"
    headers = {"idempotency-key": "sent-again-until-taken"}
    with Postgres.start(place, settings=FAST_AND_FORGETFUL) as postgres:
        postgres.sql(f"CREATE ROLE {LOGIN} LOGIN CREATEROLE PASSWORD '{PASSWORD}'; CREATE DATABASE toplu OWNER {LOGIN}")
        url, port = postgres.url("toplu", LOGIN, password=PASSWORD), postgres.port
        await asyncio.to_thread(migrate, url)
        async with open_house(url, servers.valkey.url, tmp_path, worker=False, sandbox=False) as house:
            await house.consent(phone(1))
            body = house.batch_of(phone(1))
            await asyncio.to_thread(postgres.stop)

            away = [await house.client.get("/v1/batches") for _ in range(3)]
            away += [await house.client.post("/v1/batches", json=body, headers=headers)]
            with await asyncio.to_thread(Postgres.start, place, port=port, settings=FAST_AND_FORGETFUL):
                back = await house.client.get("/v1/batches")
                taken = [await house.client.post("/v1/batches", json=body, headers=headers) for _ in range(2)]
                batches = (await house.get("/v1/batches"))["data"]

    for answer in away:
        assert (503, "unavailable", True) == (answer.status_code, answer.json()["code"], answer.json()["retryable"])
        assert "application/problem+json" == answer.headers["content-type"]
        assert int(answer.headers["retry-after"]) > 0
        assert str(port) not in answer.text
    assert (200, []) == (back.status_code, back.json()["data"])
    assert [202, 202] == [answer.status_code for answer in taken]
    assert 1 == len(batches)


async def _until_a_worker_is_ready(house: House) -> None:
    async with httpx.AsyncClient(base_url=house.url, trust_env=False) as client:
        for _ in range(200):
            body = (await client.get("/readyz")).json()
            if body["checks"]["workers"][0]["status"] == "pass":
                return
            await asyncio.sleep(0.1)
    raise AssertionError("no worker became ready")


async def _forget_leases(database: TestDatabase) -> None:
    """Let time pass for the database: leases of the killed worker are over."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute("UPDATE toplu.dispatch SET lease_until = '-infinity' WHERE state = 'sending'")
        await connection.execute("UPDATE toplu.sender_lines SET lease_until = '-infinity'")
    finally:
        await connection.close()
