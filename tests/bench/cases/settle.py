"""Settle: kept status webhooks become states and log lines, while more of them come, and when a worker catches up."""

import asyncio
import time
from typing import Any
from uuid import UUID

from app.inbound.receive import Receiver
from app.inbound.take import LEASE_S
from app.kit.ids import new_id
from tests.bench.cases.inbound import OPEN_RATE, post, stand_port, tell
from tests.bench.measure import Line, line_of
from tests.bench.stand import Stand
from tests.rooms.inbound.stand import body_of, sign, status
from tests.sandbox_process import APP_SECRET, PHONE_NUMBER_ID

AT_ONCE = 500
LOADED_S = 10  # as many seconds of backlog, and of webhooks that come meanwhile
SETTLED = "SELECT count(*) FROM delivery_events WHERE dedupe IS NOT NULL AND message_id = ANY ($1::uuid[])"
TOLD_ONCE = """
SELECT count(*) FILTER (WHERE o.state = 'delivered' AND e.n = 1) AS once, coalesce(sum(e.n), 0) AS lines
  FROM outcomes AS o
  LEFT JOIN LATERAL (
        SELECT count(*) AS n FROM delivery_events WHERE message_id = o.id AND kind = 'delivered') AS e ON true
 WHERE o.id = ANY ($1::uuid[])
"""
PATIENCE_S = 300.0


async def measure(stand: Stand, *, statuses: int, rounds: int) -> list[Line]:
    """Statuses per second of one worker that catches up, with 1 and with 100 statuses in each webhook."""
    lines: list[Line] = []
    for each in (1, 100):
        rates, cpu_us = [], []
        for _ in range(rounds):
            ids = await put(stand, statuses)
            await keep(stand, ids, each)
            rate, used_s = await catch_up(stand, ids)
            rates.append(rate)
            cpu_us.append(used_s * 1e6)
        note = f"{min(cpu_us):.0f} us of the worker's CPU for each"
        lines.append(line_of(f"settle, {each} in a webhook", "statuses/s", rates, goal=">= 10,000/s", note=note))
    rates, notes = [], []
    for _ in range(rounds):
        rate, note = await loaded(stand, LOADED_S * OPEN_RATE * statuses // 100_000)
        rates.append(rate)
        notes.append(note)
    name = f"settle, {OPEN_RATE}/s coming"
    return [*lines, line_of(name, "statuses/s", rates, goal=">= 3,000/s", note="; again: ".join(notes))]


async def loaded(stand: Stand, statuses: int) -> tuple[float, str]:
    """A worker that has a backlog, while as many webhooks come at an even rate: what it settles meanwhile, how long
    each waits for its 200, and whether everything was settled once in the end.
    """
    waiting, coming = await put(stand, statuses), await put(stand, statuses)
    await keep(stand, waiting, 1)
    bodies = tell(stand.place / "coming.ndjson", coming, len(coming), 1)
    everything = waiting + coming
    with stand.worker(poll_s=0.2):
        while not await stand.admin.fetchval(SETTLED, everything):
            await asyncio.sleep(0.05)
        before, began = await stand.admin.fetchval(SETTLED, everything), time.perf_counter()
        told = await post(stand, stand_port(stand), bodies, rate=OPEN_RATE)
        took_s = time.perf_counter() - began
        meanwhile = await stand.admin.fetchval(SETTLED, everything) - before
        await until(stand, "SELECT NOT EXISTS (SELECT FROM webhook_queue)")
    found = await stand.admin.fetchrow(TOLD_ONCE, everything)
    assert found is not None
    lost, doubled = len(everything) - found["once"], found["lines"] - len(everything)
    note = f"p50 {told['p50_ms']} ms, p99 {told['p99_ms']} ms, {told['bad']} not 200; {lost} lost, {doubled} doubled"
    return meanwhile / took_s, note


async def put(stand: Stand, count: int) -> list[UUID]:
    """Messages of one batch that were sent. Only what settling looks at is true."""
    ids, batch = [new_id() for _ in range(count)], new_id()
    async with stand.admin.transaction():
        await stand.admin.execute("SET LOCAL session_replication_role = replica")
        await stand.admin.execute(
            "INSERT INTO toplu.outcomes (id, tenant_id, batch_id, state, consent_event_id)"
            " SELECT id, $2, $3, 'sent', $3 FROM unnest($1::uuid[]) AS id",
            ids,
            stand.tenant.id,
            batch,
        )
    await stand.admin.execute("ANALYZE toplu.outcomes")
    return ids


async def keep(stand: Stand, ids: list[UUID], each: int) -> None:
    """Keep webhooks about them as the API does, `each` statuses in one body."""
    metadata = {"display_phone_number": "908500000000", "phone_number_id": PHONE_NUMBER_ID}
    receiver = Receiver(stand.run)
    bodies = []
    for start in range(0, len(ids), each):
        told = [status(one, "delivered") for one in ids[start : start + each]]
        bodies.append(body_of({"messaging_product": "whatsapp", "metadata": metadata, "statuses": told}))
    for start in range(0, len(bodies), AT_ONCE):
        await asyncio.gather(
            *(receiver.receive(body, sign(body, APP_SECRET.encode())) for body in bodies[start : start + AT_ONCE])
        )
    await receiver.close()


async def catch_up(stand: Stand, ids: list[UUID]) -> tuple[float, float]:
    """Statuses per second of a worker that begins with a full line, and its CPU seconds for each.

    Counted from when it takes its first page to its last line in the log; its start is not part of it.
    """
    with stand.worker(poll_s=0.2) as worker:
        leased_until = await until(stand, "SELECT min(due_at) FROM webhook_queue WHERE tries > 0")
        used = worker.cpu_s()
        await until(stand, "SELECT NOT EXISTS (SELECT FROM webhook_queue)")
        used = worker.cpu_s() - used
    ended = await stand.admin.fetchval("SELECT max(at) FROM delivery_events WHERE message_id = ANY ($1::uuid[])", ids)
    took_s = (ended - leased_until).total_seconds() + LEASE_S
    return len(ids) / took_s, used / len(ids)


async def until(stand: Stand, question: str) -> Any:
    """The answer, as soon as there is one that is not false. Raises TimeoutError after PATIENCE_S."""
    async with asyncio.timeout(PATIENCE_S):
        while not (answer := await stand.admin.fetchval(question)):
            await asyncio.sleep(0.05)
    return answer
