"""A look that ends before its webhooks are read lays them back, however it ends: the next need not wait for a lease."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.exc import SQLAlchemyError
from structlog.testing import capture_logs

from app.inbound.take import lay_back, take_pending
from app.kit.tasks import end_tasks
from app.whatsapp.parse import parse
from tests.rooms.inbound.stand import Stand, body_of, open_stand, status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from app.whatsapp.updates import Update
    from tests.conftest import Servers, TestDatabase

pytestmark = pytest.mark.anyio

QUEUED = "SELECT tries, due_at <= clock_timestamp() FROM webhook_queue ORDER BY raw_id"


async def blocked(stand: Stand) -> None:
    """Wait until somebody waits for a lock that a test holds."""
    waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(20):
        while not await stand.rows(waiting):
            await stand.admin.execute("SELECT pg_stat_clear_snapshot()")  # one transaction sees one state otherwise


@pytest.fixture
async def server(servers: Servers) -> AsyncIterator[asyncpg.Connection[Any]]:
    """The superuser's connection to another database of the server."""
    connection = await asyncpg.connect(servers.admin())
    yield connection
    await connection.close()


async def take_away(server: asyncpg.Connection[Any], database: TestDatabase) -> None:
    """Nobody comes in any more, and the application is thrown out."""
    await server.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false")
    await server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename <> 'postgres'",
        database.name,
    )


async def test_a_worker_that_is_told_to_end_lays_back_what_it_has(stand: Stand) -> None:
    """What it began counts as tried, so that it comes alone the next time; what it did not get to does not."""
    tenant = await stand.tenant()
    ids = await stand.put(tenant, "sent")
    await stand.post(body_of(tenant.value(statuses=[])))
    await stand.admin.execute("UPDATE webhook_queue SET tries = 1")
    await stand.post(body_of(tenant.value(statuses=[status(ids[0], "delivered")])))

    async with stand.admin.transaction():
        await stand.admin.execute("SELECT FROM outcomes WHERE id = $1 FOR UPDATE", ids[0])
        reading = asyncio.create_task(stand.settle())
        await blocked(stand)
        await end_tasks(reading)

    assert [(1, True), (1, True)] == await stand.rows(QUEUED)
    assert 2 == await stand.settle()
    assert ["delivered"] == await stand.states(ids)


async def test_what_somebody_else_took_meanwhile_is_not_laid_back(stand: Stand) -> None:
    tenant = await stand.tenant()
    await stand.post(body_of(tenant.value(statuses=[])))
    ours = await take_pending(stand.worker, 200)
    await stand.due_again()
    await take_pending(stand.worker, 200)

    await lay_back(stand.worker, ours, set(), innocent=True)

    assert [(2, False)] == await stand.rows(QUEUED)


async def test_a_worker_that_is_told_to_end_while_it_takes_lays_that_back_too(stand: Stand) -> None:
    tenant = await stand.tenant()
    await stand.post(body_of(tenant.value(statuses=[])))

    async with stand.admin.transaction():
        await stand.admin.execute("LOCK TABLE webhook_queue IN SHARE MODE")
        reading = asyncio.create_task(stand.settle())
        async with asyncio.timeout(20):
            while not await stand.rows(
                "SELECT FROM pg_locks WHERE relation = 'webhook_queue'::regclass AND NOT granted"
            ):
                await asyncio.sleep(0.01)
        reading.cancel()
        await asyncio.sleep(0)
    await end_tasks(reading)

    assert [(0, True)] == await stand.rows(QUEUED)


async def test_a_look_whose_connection_breaks_lays_back_what_it_has(stand: Stand) -> None:
    tenant = await stand.tenant()
    for _ in range(2):
        await stand.post(body_of(tenant.value(statuses=[status(uuid4(), "read")])))

    async with stand.admin.transaction():
        await stand.admin.execute("LOCK TABLE senders IN ACCESS EXCLUSIVE MODE")  # it asks whose number it is
        reading = asyncio.create_task(stand.settle())
        await blocked(stand)
        await stand.admin.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
        with pytest.raises(SQLAlchemyError):
            await reading

    assert [(1, True), (1, True)] == await stand.rows(QUEUED)
    assert 2 == await stand.settle()


@pytest.mark.parametrize("told_to_end", [False, True], ids=["works_on", "told_to_end"])
async def test_a_look_lays_back_what_it_has_when_the_database_is_back(
    server: asyncpg.Connection[Any], database: TestDatabase, *, told_to_end: bool
) -> None:
    async with open_stand(database.url, database.admin_url) as stand:
        tenant = await stand.tenant()
        await stand.post(body_of(tenant.value(statuses=[status(uuid4(), "read")])))

        async with stand.admin.transaction():
            await stand.admin.execute("LOCK TABLE senders IN ACCESS EXCLUSIVE MODE")
            reading = asyncio.create_task(stand.settle())
            await blocked(stand)
            await take_away(server, database)
            await asyncio.sleep(0.3)
            ending = asyncio.create_task(end_tasks(reading)) if told_to_end else None
            await server.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS true")
            (failed,) = await asyncio.gather(reading, return_exceptions=True)
        if ending is not None:
            await ending

        assert isinstance(failed, SQLAlchemyError)
        assert [(1, True)] == await stand.rows(QUEUED)
        assert 1 == await stand.settle()


async def test_a_webhook_that_met_the_end_of_its_reader_often_waits_no_longer_for_it(stand: Stand) -> None:
    """Nor for a database that went away: it did nothing. What fails by itself comes later each time."""
    tenant = await stand.tenant()
    (id_,) = await stand.put(tenant, "sent")
    await stand.post(body_of(tenant.value(statuses=[status(id_, "delivered")])))
    await stand.admin.execute("UPDATE webhook_queue SET tries = 5")

    async with stand.admin.transaction():
        await stand.admin.execute("SELECT FROM outcomes WHERE id = $1 FOR UPDATE", id_)
        told_to_end = asyncio.create_task(stand.settle())
        await blocked(stand)
        await end_tasks(told_to_end)
        await stand.admin.execute("UPDATE webhook_queue SET due_at = '-infinity'")
    after_the_end = await stand.rows("SELECT tries FROM webhook_queue")
    async with stand.admin.transaction():
        await stand.admin.execute("SELECT FROM outcomes WHERE id = $1 FOR UPDATE", id_)
        cut = asyncio.create_task(stand.settle())
        await blocked(stand)
        await stand.admin.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
        with pytest.raises(SQLAlchemyError):
            await cut

    waits = await stand.rows("SELECT tries, due_at <= clock_timestamp() + interval '1 second' FROM webhook_queue")
    assert ([(5,)], [(5, True)]) == (after_the_end, waits)


async def test_a_database_that_stays_away_is_given_up_and_the_lease_ends_by_itself(
    server: asyncpg.Connection[Any], database: TestDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.inbound.settle.LAY_BACK_WAITS_S", (0.0,))
    async with open_stand(database.url, database.admin_url) as stand:
        tenant = await stand.tenant()
        await stand.post(body_of(tenant.value(statuses=[status(uuid4(), "read")])))

        async with stand.admin.transaction():
            await stand.admin.execute("LOCK TABLE senders IN ACCESS EXCLUSIVE MODE")
            reading = asyncio.create_task(stand.settle())
            await blocked(stand)
            with capture_logs() as logs:
                await take_away(server, database)
                with pytest.raises(SQLAlchemyError):
                    await reading
        await server.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS true")

        assert [("inbound.not_laid_back", 1)] == [(line["event"], line["size"]) for line in logs]
        assert [(1, False)] == await stand.rows(QUEUED)


async def test_what_fails_as_nobody_expected_comes_alone_and_then_lets_the_others_pass(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await stand.tenant()
    ids = await stand.put(tenant, "sent", "sent")
    bodies = [body_of(tenant.value(statuses=[status(id_, "delivered")])) for id_ in ids]
    poison = bodies[0]

    def faulty(body: bytes, **named: Any) -> list[Update]:
        if body == poison:
            raise ArithmeticError("a fault of ours")
        return parse(body, **named)

    monkeypatch.setattr("app.inbound.settle.parse", faulty)
    for body in bodies:
        await stand.post(body)
    for _together_then_alone in range(2):
        with pytest.raises(ArithmeticError):
            await stand.settle()

    assert [(2, False), (1, True)] == await stand.rows(QUEUED)
    assert 1 == await stand.settle()
    assert ["sent", "delivered"] == await stand.states(ids)


async def test_a_look_whose_time_is_over_lays_back_what_it_did_not_begin(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Webhooks that come alone may be a thousand, and each may wait for somebody."""
    monkeypatch.setattr("app.inbound.settle.LONGEST_S", 0.2)
    tenant = await stand.tenant()
    ids = await stand.put(tenant, "sent")
    await stand.post(body_of(tenant.value(statuses=[status(ids[0], "delivered")])))
    for _ in range(2):
        await stand.post(body_of(tenant.value(statuses=[])))
    await stand.admin.execute("UPDATE webhook_queue SET tries = 1")

    async with stand.admin.transaction():
        await stand.admin.execute("SELECT FROM outcomes WHERE id = $1 FOR UPDATE", ids[0])
        reading = asyncio.create_task(stand.settle())
        await blocked(stand)
        await asyncio.sleep(0.3)

    assert 1 == await reading
    monkeypatch.undo()
    assert [(1, True), (1, True)] == await stand.rows(QUEUED)
    assert 2 == await stand.settle()
