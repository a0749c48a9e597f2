"""Growth and memory: batches of 10,000, 100,000 and 1,000,000, with millions of messages already stored.

What a message costs, and the most memory the API and the worker ever held; each size has processes of its own.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx

from app.kit.ids import new_id
from tests.bench.cases.accept import draft, recipients_of, stream
from tests.bench.cases.dispatch import PATIENCE_S, free_server, lift_pace, until_sent
from tests.bench.measure import Line, line_of
from tests.bench.stand import Stand, await_ready, free_port, start_process

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


async def measure(stand: Stand, *, sizes: list[int], stored: int, known: int) -> list[Line]:
    """Microseconds per message to accept and to send, and peaks in MB. References: the smallest size."""
    await lift_pace(stand)
    await _store(stand, stored)
    lines: list[Line] = []
    first: tuple[float, ...] | None = None
    with free_server() as url:
        for size in sizes:
            async with _own_api(stand) as apart:
                batch = await draft(apart)
                body = list(recipients_of(size, known, seed=size))
                began = time.perf_counter()
                await stream(apart, batch, body)
                accept_us = (time.perf_counter() - began) / size * 1e6
                del body
                api_mb = apart.api.peak_mb()
                await stand.admin.execute("ANALYZE dispatch")
                with stand.worker(whatsapp_url=url, poll_s=0.2) as worker:
                    await asyncio.sleep(2)
                    began = time.perf_counter()
                    (await apart.client.post(f"/v1/batches/{batch}/start")).raise_for_status()
                    await until_sent(apart, batch, patience_s=max(PATIENCE_S, size / 200))
                    send_us = (time.perf_counter() - began) / size * 1e6
                    worker_mb = worker.peak_mb()
            told = (accept_us, send_us, api_mb, worker_mb)
            first = first or told
            lines += _lines(size, told, first)
    return lines


def _lines(size: int, told: tuple[float, ...], first: tuple[float, ...]) -> list[Line]:
    names = (("accept", "us/message"), ("send", "us/message"), ("API memory", "MB"), ("worker memory", "MB"))
    goals = ("<= 1.3x", "<= 1.3x", "< 150 MB", "")
    return [
        line_of(f"{name}, {size:,}", unit, [mine], [small], reference_name="smallest", goal=goal)
        for (name, unit), goal, mine, small in zip(names, goals, told, first, strict=True)
    ]


async def _store(stand: Stand, messages: int) -> None:
    """Messages of years, in batches of half a million."""
    for _ in range(messages // 500_000):
        batch = new_id()
        await stand.admin.execute(STORED, stand.tenant.id, batch, 500_000, timeout=600)
        await stand.admin.execute(KEPT, batch, timeout=600)
    await stand.admin.execute("TRUNCATE seal_queue")  # a sealer that is years behind is not what is measured
    await stand.admin.execute("VACUUM (ANALYZE) messages", timeout=600)
    await stand.admin.execute("VACUUM (ANALYZE) outcomes", timeout=600)


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
