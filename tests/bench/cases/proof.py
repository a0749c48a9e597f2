"""Proof: a receipt over HTTP, and a chain of many links verified from its file, without a database."""

import asyncio
import subprocess
import sys
import time

from tests.bench.measure import Line, line_of
from tests.bench.stand import Stand
from tests.worker_process import ROOT

RECEIPTS = 200


async def measure(stand: Stand) -> list[Line]:
    """Milliseconds for a receipt of a message that was sent (`dispatch` runs before), and links verified per second."""
    with stand.worker(whatsapp_url="http://127.0.0.1:9"):
        await _await_sealed(stand)
    lines = await _receipts(stand)
    return [*lines, await _verify(stand)]


async def _await_sealed(stand: Stand) -> None:
    """Until nothing waits for its link any more."""
    while await stand.admin.fetchval("SELECT count(*) FROM seal_queue"):
        await asyncio.sleep(0.5)


async def _receipts(stand: Stand) -> list[Line]:
    found = await stand.admin.fetch("SELECT id FROM outcomes WHERE state = 'refused' ORDER BY id LIMIT 1")
    if not found:
        return []
    newest = (await stand.client.get("/v1/batches", params={"limit": 1})).json()["data"][0]["id"]
    page = (await stand.client.get(f"/v1/batches/{newest}/messages", params={"limit": RECEIPTS})).json()["data"]
    took: list[float] = []
    for message in page:
        began = time.perf_counter()
        answer = await stand.client.get(f"/v1/messages/{message['id']}/receipt")
        took.append((time.perf_counter() - began) * 1000)
        assert answer.is_success, answer.text
    return [line_of("receipt", "ms", took, goal="< 20 ms")]


async def _verify(stand: Stand) -> Line:
    file = stand.place / "audit.ndjson"
    links = 0
    with file.open("wb") as out:
        async with stand.client.stream("GET", "/v1/audit/export") as answer:
            async for part in answer.aiter_bytes():
                out.write(part)
                links += part.count(b"\n")
    words = [sys.executable, "-m", "app", "audit", "verify", str(file)]
    began = time.perf_counter()
    done = await asyncio.to_thread(subprocess.run, words, cwd=ROOT, capture_output=True, text=True, check=False)
    took_s = time.perf_counter() - began
    assert done.returncode == 0, done.stdout + done.stderr
    note = f"{links:,} lines in {took_s:.1f} s; a million would take {took_s / links * 1e6:.0f} s"
    return line_of("verify a file", "lines/s", [links / took_s], goal=">= 16,700/s", note=note)
