"""Measure an import of consents: rows per second, the API's memory, what a STOP waits, and the ratio to a raw COPY.

    python -m tests.bench.consent_imports [--people 500000]

Each person brings two rows, a consent and an approval. The API is a process of its own on a real PostgreSQL that keeps
what it commits. Beside the stream, once a second somebody is suppressed over HTTP: in turn a person whose row is still
to come and one whose row has passed.
"""

import argparse
import asyncio
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.kit.servers import Postgres, throwaway_data_dir
from app.runtime import open_runtime
from app.settings import Settings
from app.tenants.api_keys import SCOPES
from app.tenants.create_tenant import create_tenant
from app.tenants.issue_key import issue_key
from tests.conftest import migrate
from tests.furnish import MARKETING

TABLES = ("people", "aliases", "consent_events", "consent_states")
PORT = 18765


def phone(number: int) -> str:
    return f"+9053{number:08d}"


async def rows(people: int, notice: str, told: list[int]) -> AsyncIterator[bytes]:
    """The body, in parts of about 64 kB."""
    shared = f'"purpose":"{MARKETING}","act":"given","channel":"web_form","method":"checkbox",' + (
        f'"occurred_at":"{(utc_now() - timedelta(hours=1)).isoformat()}","collection_context":"membership"'
    )
    part: list[str] = []
    for number in range(people):
        to = phone(number)
        part.append(f'{{"to":"{to}",{shared},"notice_version_id":"{notice}"}}\n')
        iys = f'"iys":{{"transaction_id":"iys-{number}","date":"2026-01-05"}}'
        part.append(f'{{"to":"{to}","kind":"commercial_approval",{shared},{iys}}}\n')
        if len(part) >= 200:
            told[0] = number
            yield "".join(part).encode()
            part = []
    yield "".join(part).encode()


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


async def beside(client: httpx.AsyncClient, pid: int, told: list[int], people: int) -> tuple[list[float], list[float]]:
    """Watch the memory and stop somebody every second, until cancelled."""
    memory: list[float] = []
    waits: list[float] = []
    try:
        while True:
            await asyncio.sleep(1.0)
            memory.append(resident_mb(pid))
            near = told[0] + (600 if len(waits) % 2 else -600)
            body = {"people": [{"to": phone(min(max(near, 0), people - 1))}], "scope": "marketing"}
            begun = time.perf_counter()
            answer = await client.post("/v1/suppressions", json=body | {"channel": "api", "by": "person"})
            waits.append(time.perf_counter() - begun)
            assert answer.is_success, answer.text
    except asyncio.CancelledError:
        return memory, waits


async def furnish(settings: Settings) -> str:
    """A tenant's key."""
    tenant = new_id()
    async with open_runtime(settings, "api") as run, run.db.begin(tenant) as session:
        await create_tenant(run, session, tenant, name="Deneme", actor="bench")
        ends = utc_now() + timedelta(days=1)
        return (await issue_key(session, tenant, name="k", scopes=tuple(SCOPES), expires_at=ends, actor="bench")).text


async def copy_seconds(postgres: Postgres, place: Path) -> tuple[float, int]:
    """How long a binary COPY takes to bring the same rows into empty tables of the same make; and how many bytes."""
    source = await asyncpg.connect(postgres.url("toplu_test_bench"))
    target = await asyncpg.connect(postgres.url("toplu_test_raw"))
    seconds, size = 0.0, 0
    for table in TABLES:
        file = place / f"{table}.copy"
        await source.copy_from_query(f"SELECT * FROM toplu.{table}", output=file, format="binary")
        size += file.stat().st_size
        begun = time.perf_counter()
        await target.copy_to_table(table, schema_name="toplu", source=file, format="binary")
        seconds += time.perf_counter() - begun
        file.unlink()
    await source.close()
    await target.close()
    return seconds, size


async def measure(people: int, place: Path, postgres: Postgres, url: str) -> dict[str, Any]:
    """Import, beside it stop people, then copy."""
    values = {"database_url": url, "redis_url": "redis://127.0.0.1:9", "requests_per_minute": 100_000}
    values |= {"master_key": base64.b64encode(os.urandom(32)).decode(), "log_level": "WARNING"}
    key = await furnish(Settings(**values))  # type: ignore[arg-type]
    environment = os.environ | {f"TOPLU_{name.upper()}": str(value) for name, value in values.items()}
    api = subprocess.Popen([sys.executable, "-m", "app", "api", "--port", str(PORT)], env=environment)
    try:
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{PORT}", timeout=None, headers={"authorization": f"Bearer {key}"}
        ) as client:
            await until_ready(client)
            notice = {"name": "n", "language": "tr", "title": "t", "body": "b", "purposes": [MARKETING]}
            made = await client.post("/v1/notices", json=notice | {"shown_since": "2025-01-01T00:00:00Z"})
            version = made.json()["latest_version"]["id"]
            told = [0]
            watching = asyncio.create_task(beside(client, api.pid, told, people))
            idle = resident_mb(api.pid)
            begun = time.perf_counter()
            answer = await client.post(
                "/v1/consent-imports",
                content=rows(people, version, told),
                headers={"content-type": "application/x-ndjson"},
            )
            seconds = time.perf_counter() - begun
            watching.cancel()
            memory, waits = await watching
    finally:
        api.terminate()
        api.wait()
    assert answer.status_code == 201, answer.text
    raw_s, size = await copy_seconds(postgres, place)
    body = answer.json()
    return {
        "rows": body["rows"],
        "opened": body["opened"],
        "reasons": body["reasons"],
        "seconds": round(seconds, 1),
        "rows_per_s": round(body["rows"] / seconds),
        "api_mb_idle": round(idle),
        "api_mb_early": round(max(memory[: len(memory) // 4] or [0])),
        "api_mb_most": round(max(memory or [0])),
        "stop_ms_median": round(statistics.median(waits) * 1000) if waits else None,
        "stop_ms_most": round(max(waits) * 1000) if waits else None,
        "raw_copy_s": round(raw_s, 1),
        "raw_copy_mb": round(size / 1e6),
        "ratio": round(seconds / raw_s, 1),
    }


async def until_ready(client: httpx.AsyncClient) -> None:
    for _ in range(200):
        try:
            if (await client.get("/livez")).is_success:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise SystemExit("The API never answered.")


def main() -> None:
    """Measure and print."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--people", type=int, default=500_000)
    people = wanted.parse_args().people
    with (
        throwaway_data_dir() as place,
        tempfile.TemporaryDirectory() as files,
        Postgres.start(place / "postgres", settings={"max_wal_size": "4GB"}) as postgres,
    ):
        postgres.sql("CREATE ROLE toplu LOGIN CREATEROLE PASSWORD 'an-invented-password'")
        for name in ("toplu_test_bench", "toplu_test_raw"):
            postgres.sql(f"CREATE DATABASE {name} OWNER toplu")
            migrate(postgres.url(name, "toplu", password="an-invented-password"))
        url = postgres.url("toplu_test_bench", "toplu", password="an-invented-password")
        print(json.dumps(asyncio.run(measure(people, Path(files), postgres, url)), indent=2))


if __name__ == "__main__":
    main()
