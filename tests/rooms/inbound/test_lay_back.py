"""A worker that is told to end lays back the webhooks it has: the next one need not wait for a lease."""

import asyncio

import pytest

from app.inbound.take import lay_back, take_pending
from app.kit.tasks import end_tasks
from tests.rooms.inbound.stand import Stand, body_of, status

pytestmark = pytest.mark.anyio


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
        waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        async with asyncio.timeout(20):
            while not await stand.rows(waiting):
                await stand.admin.execute("SELECT pg_stat_clear_snapshot()")  # one transaction sees one state otherwise
        await end_tasks(reading)

    queued = await stand.rows("SELECT tries, due_at <= clock_timestamp() FROM webhook_queue ORDER BY raw_id")
    assert [(1, True), (1, True)] == queued
    assert 2 == await stand.settle()
    assert ["delivered"] == await stand.states(ids)


async def test_what_somebody_else_took_meanwhile_is_not_laid_back(stand: Stand) -> None:
    tenant = await stand.tenant()
    await stand.post(body_of(tenant.value(statuses=[])))
    ours = await take_pending(stand.worker, 200)
    await stand.due_again()
    await take_pending(stand.worker, 200)

    await lay_back(stand.worker, ours, set())

    assert [(2, False)] == await stand.rows("SELECT tries, due_at <= clock_timestamp() FROM webhook_queue")


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

    assert [(0, True)] == await stand.rows("SELECT tries, due_at <= clock_timestamp() FROM webhook_queue")
