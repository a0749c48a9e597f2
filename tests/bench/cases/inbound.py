"""Inbound: signed status webhooks, durable before their 200. References: an endpoint that only verifies, and one that
commits each body on its own.
"""

import asyncio
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

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
    before = stand.api.cpu_s()

    async def ours() -> float:
        return rate(await post(stand, stand_port(stand), one))

    async def theirs(port: int) -> float:
        return rate(await post(stand, port, one))

    with endpoint(stand, "verify_only") as verifier, endpoint(stand, "commit_each") as committer:
        sides = (ours, lambda: theirs(verifier), lambda: theirs(committer))
        mine, verified, committed = await in_turns(*sides, rounds=rounds)
    cpu_us = (stand.api.cpu_s() - before) / (rounds * requests) * 1e6
    goal, note = ">= 5,000/s", f"{cpu_us:.0f} us of the API's CPU for each"
    name = "inbound, 1 status"
    lines = [line_of(name, "requests/s", mine, verified, reference_name="verify only", goal=goal, note=note)]
    lines.append(line_of(name, "requests/s", mine, committed, reference_name="commit each", goal=">= 2x"))
    hundred = [100 * rate(await post(stand, stand_port(stand), many)) for _ in range(rounds)]
    lines.append(line_of("inbound, 100 statuses", "statuses/s", hundred, goal=">= 60,000/s"))
    paced = [await post(stand, stand_port(stand), one, rate=OPEN_RATE) for _ in range(rounds)]
    name, note = f"inbound at {OPEN_RATE}/s", f"{sum(told['bad'] for told in paced)} not 200"
    lines.append(line_of(name, "p50 ms", [told["p50_ms"] for told in paced], goal="<= 10 ms"))
    lines.append(line_of(name, "p99 ms", [told["p99_ms"] for told in paced], goal="<= 50 ms", note=note))
    await stand.admin.execute("TRUNCATE webhook_queue")  # some are the reference's, and not sealed
    return lines


async def write_bodies(stand: Stand, file: Path, bodies: int, statuses: int) -> Path:
    """Webhook bodies about messages that were really sent, as long as there are enough of them."""
    wanted = bodies * statuses
    rows = await stand.admin.fetch("SELECT id FROM outcomes WHERE state IN ('sent', 'delivered') LIMIT $1", wanted)
    return tell(file, [row["id"] for row in rows] or [stand.tenant.id], bodies, statuses)


def tell(file: Path, ids: Sequence[UUID], bodies: int, statuses: int) -> Path:
    """So many webhook bodies, which say of these messages in turn that they were delivered."""
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
def endpoint(stand: Stand, name: str) -> Iterator[int]:
    """A reference endpoint in its own process."""
    port = free_port()
    words = [sys.executable, "-m", "uvicorn", f"tests.bench.{name}:app", "--port", str(port)]
    words += ["--no-access-log", "--log-level", "warning"]
    environment = {"SECRET": APP_SECRET, "DATABASE": stand.postgres.url("toplu_test_bench"), "PATH": ""}
    with subprocess.Popen(words, cwd=ROOT, env=environment) as process:
        _await_port(port)
        try:
            yield port
        finally:
            process.terminate()


def _await_port(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the reference endpoint did not start")
