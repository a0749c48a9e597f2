"""Growth and memory: batches of 10,000, 100,000 and 1,000,000, with millions of messages already stored.

What a message costs, and the most memory the API and the worker ever held; each size has processes of its own, which
first take and send a small batch that is not counted: what starting costs is not a cost of a message. The database is
its own as well, with nothing but years of messages in it: no row of them was ever deleted, so none of its pages is
used again (that costs more, see docs/performance.md, and would be told as growth).

The queue is vacuumed once a minute, as autovacuum would do that is off here: what was sent leaves entries in its index
through which each claim goes otherwise, and a batch that is sent for minutes has many.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from statistics import median
from uuid import UUID

import asyncpg
import httpx

from app.kit.ids import new_id
from app.kit.tasks import end_tasks
from tests.bench.cases.accept import draft, recipients_of, stream
from tests.bench.cases.dispatch import IN_FLIGHT, PATIENCE_S, free_server, lift_pace, sending, until_sent
from tests.bench.measure import Line, line_of
from tests.bench.seed import seed_states
from tests.bench.stand import Stand, await_ready, free_port, open_stand, start_process

WARM = 10_000  # recipients of the batch that is not counted

STORED = """
INSERT INTO messages (id, tenant_id, batch_id, upload_id, row_number, person_id, alias_id, recipient_hash, variables_ct)
SELECT uuidv7(interval '-3 days'), $1, $2, $2, n, gen_random_uuid(), gen_random_uuid(), gen_random_uuid(),
       decode(repeat('ab', 60), 'hex')
  FROM generate_series(1, $3::int) AS n
"""
KEPT = """
INSERT INTO outcomes (id, tenant_id, batch_id, state, consent_event_id, sent_at)
SELECT id, tenant_id, batch_id, 'delivered', id, now() FROM messages WHERE batch_id = $1
"""


@dataclass(slots=True)
class Told:
    """What batches of one size cost: each run in microseconds per message, and peaks in MB."""

    accept_us: list[float] = field(default_factory=list)
    send_us: list[float] = field(default_factory=list)
    api_mb: float = 0.0
    worker_mb: float = 0.0
    worker_us: list[float] = field(default_factory=list)
    postgres_us: list[float] = field(default_factory=list)


async def measure(*, sizes: Mapping[int, int], stored: int, known: int) -> list[Line]:
    """Microseconds per message to accept and to send, and peaks in MB. `sizes` says how often each is run; the
    references are the first one's.
    """
    lines: list[Line] = []
    smallest: Told | None = None
    async with open_stand() as stand:
        await seed_states(stand, known)
        await lift_pace(stand)
        await _store(stand, stored)
        with free_server() as url:
            for size, rounds in sizes.items():
                told = await _run(stand, url, [WARM] + [size] * rounds, known)
                smallest = smallest or told
                lines += _lines(size, told, smallest)
    return lines


async def _run(stand: Stand, url: str, sizes: list[int], known: int) -> Told:
    """One batch after the other is accepted, then one after the other is sent; the first of them is not counted."""
    told = Told()
    async with _own_api(stand) as apart:
        batches = [await _accept(apart, size, known, told) for size in sizes]
        told.api_mb = apart.api.peak_mb()
        await stand.admin.execute("ANALYZE dispatch, messages")  # as autovacuum would
        with stand.worker(whatsapp_url=url, poll_s=0.2, whatsapp_connections=IN_FLIGHT) as worker:
            await asyncio.sleep(2)
            for batch, found in batches:
                before, postgres_before = worker.cpu_s(), stand.postgres_cpu_s()
                (await apart.client.post(f"/v1/batches/{batch}/start")).raise_for_status()
                async with _vacuumed(stand):
                    await until_sent(apart, batch, patience_s=max(PATIENCE_S, max(sizes) / 200))
                cpu_s, postgres_s = worker.cpu_s() - before, stand.postgres_cpu_s() - postgres_before
                sent, took_s = await sending(stand, found)
                told.send_us.append(took_s / sent * 1e6)
                told.worker_us.append(cpu_s / sent * 1e6)
                told.postgres_us.append(postgres_s / sent * 1e6)
            told.worker_mb = worker.peak_mb()
    del told.accept_us[0], told.send_us[0], told.worker_us[0], told.postgres_us[0]
    return told


@asynccontextmanager
async def _vacuumed(stand: Stand) -> AsyncIterator[None]:
    """Meanwhile the queue is vacuumed once a minute."""

    async def vacuum() -> None:
        admin = await asyncpg.connect(stand.postgres.url("toplu_test_bench"))
        try:
            while True:
                await asyncio.sleep(60)
                await admin.execute("VACUUM toplu.dispatch", timeout=600)
        finally:
            admin.terminate()

    task = asyncio.create_task(vacuum())
    try:
        yield
        if task.done():
            task.result()  # it never ends by itself, so this says why it did
    finally:
        await end_tasks(task)


async def _accept(stand: Stand, size: int, known: int, told: Told) -> tuple[str, UUID]:
    """A batch that could start: its id at the edge, and in the database. Adds what a recipient took."""
    batch = await draft(stand)
    body = list(recipients_of(size, known, seed=len(told.accept_us)))
    began = time.perf_counter()
    await stream(stand, batch, body)
    told.accept_us.append((time.perf_counter() - began) / size * 1e6)
    return batch, await stand.admin.fetchval("SELECT id FROM batches ORDER BY id DESC LIMIT 1")


def _lines(size: int, told: Told, smallest: Told) -> list[Line]:
    def line(name: str, unit: str, mine: list[float], small: list[float], goal: str, note: str = "") -> Line:
        return line_of(f"{name}, {size:,}", unit, mine, small, reference_name="smallest", goal=goal, note=note)

    cpu = f"CPU per message: worker {median(told.worker_us):.0f} us, PostgreSQL {median(told.postgres_us):.0f} us"
    return [
        line("accept", "us/recipient", told.accept_us, smallest.accept_us, "<= 1.3x"),
        line("send", "us/message", told.send_us, smallest.send_us, "<= 1.3x", cpu),
        line("API memory", "MB", [told.api_mb], [smallest.api_mb], "< 150 MB"),
        line("worker memory", "MB", [told.worker_mb], [smallest.worker_mb], ""),
    ]


async def _store(stand: Stand, messages: int) -> None:
    """Messages of years, in batches of half a million. Without VACUUM: it would offer what is left in each page."""
    for _ in range(messages // 500_000):
        batch = new_id()
        await stand.admin.execute(STORED, stand.tenant.id, batch, 500_000, timeout=600)
        await stand.admin.execute(KEPT, batch, timeout=600)
    await stand.admin.execute("TRUNCATE seal_queue")  # a sealer that is years behind is not what is measured
    await stand.admin.execute("ANALYZE messages, outcomes", timeout=600)
    await stand.admin.execute("CHECKPOINT", timeout=600)  # the next one is due after 8 GB: in nobody's batch


@asynccontextmanager
async def _own_api(stand: Stand) -> AsyncIterator[Stand]:
    """The stand with an API process that has done nothing yet."""
    port = free_port()
    words = [sys.executable, "-m", "app", "api", "--host", "127.0.0.1", "--port", str(port)]
    api = start_process(words, stand.settings, stand.place / "api.log")
    url = f"http://127.0.0.1:{port}"
    try:
        await await_ready(url, api)
        async with httpx.AsyncClient(
            base_url=url, timeout=600, trust_env=False, headers=stand.client.headers
        ) as client:
            yield replace(stand, api=api, client=client, url=url)
    finally:
        api.end()
