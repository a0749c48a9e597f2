"""Proof: a receipt over HTTP, and a chain of many links verified from its file, without a database."""

import asyncio
import subprocess
import sys
import time
from statistics import median

from tests.bench.cases.accept import draft, recipients_of, stream
from tests.bench.measure import Line, line_of
from tests.bench.stand import Stand
from tests.worker_process import ROOT

RECEIPTS = 200
STRANGERS = 2_000
PATIENCE_S = 900.0  # a million links take two minutes; then something is broken
COVERED = """
SELECT (SELECT max(seq) FROM chain_links WHERE tenant_id = $1)
     = (SELECT max(size) FROM checkpoints WHERE tenant_id = $1)
"""


async def measure(stand: Stand, *, rounds: int) -> list[Line]:
    """Milliseconds for the receipt of a refused message, and links verified per second."""
    batch = await draft(stand)
    await stream(stand, batch, list(recipients_of(STRANGERS, 1, seed=3, strangers=STRANGERS)))
    with stand.worker(whatsapp_url="http://127.0.0.1:9"):
        answer = await stand.client.post(f"/v1/batches/{batch}/start")
        assert answer.is_success, answer.text
        await _await_sealed(stand)
        lines = await _receipts(stand, batch)
    return [*lines, await _verify(stand, rounds)]


async def _await_sealed(stand: Stand) -> None:
    """Until nothing can be sealed any more, and a checkpoint covers it: one is signed every ten seconds."""
    async with asyncio.timeout(PATIENCE_S):
        while await stand.admin.fetchval("SELECT count(*) FROM sealable_tenants_v1()"):
            await asyncio.sleep(0.5)
        while not await stand.admin.fetchval(COVERED, stand.tenant.id):
            await asyncio.sleep(0.5)


async def _receipts(stand: Stand, batch: str) -> list[Line]:
    page = (await stand.client.get(f"/v1/batches/{batch}/messages", params={"limit": RECEIPTS})).json()["data"]
    took: list[float] = []
    for message in page:
        began = time.perf_counter()
        answer = await stand.client.get(f"/v1/messages/{message['id']}/receipt")
        took.append((time.perf_counter() - began) * 1000)
        assert answer.is_success, answer.text
    return [line_of("receipt", "ms", took, goal="< 20 ms")]


async def _verify(stand: Stand, rounds: int) -> Line:
    file = stand.place / "audit.ndjson"
    links = 0
    with file.open("wb") as out:
        async with stand.client.stream("GET", "/v1/audit/export") as answer:
            async for part in answer.aiter_bytes():
                out.write(part)
                links += part.count(b"\n")
    words = [sys.executable, "-m", "app", "audit", "verify", str(file)]
    rates = []
    for _ in range(rounds):
        began = time.perf_counter()
        done = await asyncio.to_thread(subprocess.run, words, cwd=ROOT, capture_output=True, text=True, check=False)
        rates.append(links / (time.perf_counter() - began))
        assert done.returncode == 0, done.stdout + done.stderr
    note = f"{links:,} lines; a million would take {1e6 / median(rates):.0f} s"
    return line_of("verify a file", "lines/s", rates, goal=">= 16,700/s", note=note)
