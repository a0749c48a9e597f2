"""Inbound: signed status webhooks, durable before their 200. Reference: an endpoint that only verifies."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.measure import Line, in_turns, line_of
from tests.bench.stand import Stand, free_port
from tests.rooms.inbound.stand import body_of, status
from tests.sandbox_process import APP_SECRET, PHONE_NUMBER_ID
from tests.worker_process import ROOT

PATH = "/providers/whatsapp/webhook"
CONNECTIONS = 64
OPEN_RATE = 3_000


async def measure(stand: Stand, *, requests: int, rounds: int) -> list[Line]:
    """Requests and statuses per second, and the latency at a given rate."""
    one = await write_bodies(stand, stand.place / "one.ndjson", requests, 1)
    many = await write_bodies(stand, stand.place / "many.ndjson", max(requests // 20, 50), 100)
    with verifier(stand) as port:

        async def ours() -> float:
            return rate(await post(stand, stand_port(stand), one))

        async def verified() -> float:
            return rate(await post(stand, port, one))

        mine, theirs = await in_turns(ours, verified, rounds=rounds)
    lines = [line_of("inbound, 1 status", "requests/s", mine, theirs, reference_name="verify only", goal=">= 5,000/s")]
    hundred = [100 * rate(await post(stand, stand_port(stand), many)) for _ in range(rounds)]
    lines.append(line_of("inbound, 100 statuses", "statuses/s", hundred, goal=">= 60,000/s"))
    told = await post(stand, stand_port(stand), one, rate=OPEN_RATE)
    note = f"p50 {told['p50_ms']} ms, p99 {told['p99_ms']} ms, {told['bad']} not 200"
    lines.append(line_of(f"inbound at {OPEN_RATE}/s", "p99 ms", [told["p99_ms"]], goal="<= 50 ms", note=note))
    kept = await stand.admin.fetchval("SELECT count(*) FROM webhook_raw")
    lines.append(line_of("inbound kept", "webhooks on disk", [float(kept)]))
    return lines


async def write_bodies(stand: Stand, file: Path, bodies: int, statuses: int) -> Path:
    """Webhook bodies about messages that were really sent, as long as there are enough of them."""
    wanted = bodies * statuses
    rows = await stand.admin.fetch("SELECT id FROM outcomes WHERE state IN ('sent', 'delivered') LIMIT $1", wanted)
    ids = [row["id"] for row in rows] or [stand.tenant.id]
    metadata = {"display_phone_number": "908500000000", "phone_number_id": PHONE_NUMBER_ID}
    with file.open("wb") as out:
        for at in range(bodies):
            told = [status(ids[(at * statuses + n) % len(ids)], "delivered") for n in range(statuses)]
            out.write(body_of({"messaging_product": "whatsapp", "metadata": metadata, "statuses": told}) + b"\n")
    return file


def stand_port(stand: Stand) -> int:
    return int(stand.url.rpartition(":")[2])


def rate(told: dict[str, Any]) -> float:
    """Requests per second; each must have been answered 200."""
    assert told["bad"] == 0, told
    good: float = told["good"] / told["took_s"]
    return good


async def post(stand: Stand, port: int, bodies: Path, rate: int = 0) -> dict[str, Any]:
    """Run the load generator in its own process."""
    asked = {"host": "127.0.0.1", "port": port, "path": PATH, "connections": CONNECTIONS, "rate": rate}
    asked |= {"bodies": str(bodies), "secret": APP_SECRET}
    words = [sys.executable, "-m", "tests.bench.webhooks"]
    line = json.dumps(asked) + "\n"
    done = await asyncio.to_thread(
        subprocess.run, words, cwd=ROOT, input=line, capture_output=True, text=True, check=True
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@contextmanager
def verifier(stand: Stand) -> Iterator[int]:
    """The reference endpoint in its own process."""
    port = free_port()
    words = [sys.executable, "-m", "uvicorn", "tests.bench.verify_only:app", "--port", str(port)]
    words += ["--no-access-log", "--log-level", "warning"]
    with subprocess.Popen(words, cwd=ROOT, env={"SECRET": APP_SECRET, "PATH": ""}) as process:
        _await_port(port)
        try:
            yield port
        finally:
            process.terminate()


def _await_port(port: int) -> None:
    import socket
    import time

    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the reference endpoint did not start")
