"""What every case stands on: durable servers, a migrated database, the API and workers as their own processes.

Unlike in the tests, PostgreSQL keeps its promises here: fsync and synchronous_commit are on.
"""

import asyncio
import base64
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from redis.asyncio import Redis

from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.kit.servers import Postgres, Valkey, throwaway_data_dir
from app.runtime import Runtime, open_runtime
from app.settings import Settings
from app.tenants.api_keys import SCOPES
from app.tenants.create_tenant import create_tenant
from app.tenants.issue_key import issue_key
from tests.conftest import LOGIN, PASSWORD, migrate
from tests.furnish import Tenant, furnish
from tests.sandbox_process import APP_SECRET, VERIFY_TOKEN
from tests.worker_process import ROOT, environment

# Printed with the results: what PostgreSQL is told beyond its defaults.
POSTGRES = {
    "shared_buffers": "4GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "max_connections": "120",
    "jit": "off",
    "autovacuum": "off",  # its moments would fall on whichever side they like; tables are analysed by hand
}


@dataclass(slots=True)
class Process:
    """One process of the product: what it costs in CPU and memory."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.process.pid

    def cpu_s(self) -> float:
        """User and system seconds so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mb(self) -> float:
        """The most memory it ever held, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@dataclass(slots=True)
class Stand:
    """The open stand. `admin` looks under the roles; `run` is the product's own runtime, for seeding."""

    postgres: Postgres
    settings: Settings
    place: Path
    run: Runtime
    admin: asyncpg.Connection
    client: httpx.AsyncClient
    tenant: Tenant
    url: str
    api: Process
    _stack: AsyncExitStack = field(repr=False)

    @contextmanager
    def worker(self, **more: object) -> Iterator[Process]:
        """A worker process: stock arq, as in production."""
        running = start_process(
            [sys.executable, "-m", "app", "worker"],
            self.settings.model_copy(update=more),
            self.place / "worker.log",
        )
        try:
            yield running
        finally:
            running.end()

    def postgres_cpu_s(self) -> float:
        """CPU seconds of every PostgreSQL process that lives now."""
        total = 0.0
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with suppress(OSError, IndexError, ValueError):
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == self.postgres.pid or int(entry.name) == self.postgres.pid:
                    total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        return total

    async def versions(self) -> dict[str, str]:
        """Of the servers it stands on."""
        async with Redis.from_url(self.settings.redis_url.get_secret_value()) as valkey:
            told = await valkey.info("server")
        return {
            "postgresql": await self.admin.fetchval("SHOW server_version"),
            "valkey": told.get("valkey_version", told["redis_version"]),
        }


def start_process(words: list[str], settings: Settings, log: Path) -> Process:
    """A process of the product with these settings as its environment; its output goes to a file."""
    with log.open("ab") as out:
        return Process(
            subprocess.Popen(
                words,
                cwd=ROOT,
                env={**os.environ, **environment(settings)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            ),
            log,
        )


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@asynccontextmanager
async def open_stand() -> AsyncIterator[Stand]:
    """Start everything but workers, and end it. Says where it failed to start."""
    async with AsyncExitStack() as stack:
        place = stack.enter_context(throwaway_data_dir("bench-"))
        postgres = stack.enter_context(Postgres.start(place / "postgres", settings=POSTGRES))
        valkey = stack.enter_context(Valkey.start(place / "valkey"))
        await asyncio.to_thread(_make_database, postgres)
        settings = Settings.model_validate(
            {
                "database_url": postgres.url("toplu_test_bench", LOGIN, password=PASSWORD),
                "redis_url": valkey.url,
                "master_key": base64.b64encode(os.urandom(32)).decode(),
                "whatsapp_app_secret": APP_SECRET,
                "whatsapp_verify_token": VERIFY_TOKEN,
                "whatsapp_url": "http://127.0.0.1:9",
                "requests_per_minute": 100_000_000,
                "max_body_bytes": 4_000_000,
                "log_level": "WARNING",
                "quiet_hours": "off",  # it may be night
                "marketing_per_7_days": "off",
                "marketing_per_30_days": "off",
                "contact_rules_off_acknowledged_by": "the bench",
            }
        )
        port = free_port()
        words = [sys.executable, "-m", "app", "api", "--host", "127.0.0.1", "--port", str(port)]
        api = start_process(words, settings, place / "api.log")
        stack.callback(api.end)
        url = f"http://127.0.0.1:{port}"
        await await_ready(url, api)
        run = await stack.enter_async_context(open_runtime(settings, "api"))
        admin = await asyncpg.connect(postgres.url("toplu_test_bench"))
        stack.push_async_callback(admin.close)
        await admin.execute("SET search_path = toplu, public")
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=url, timeout=600, trust_env=False))
        tenant = await make_tenant(run, "Bench")
        client.headers["authorization"] = f"Bearer {tenant.key}"
        await furnish(client, tenant)
        yield Stand(postgres, settings, place, run, admin, client, tenant, url, api, stack)


async def make_tenant(run: Runtime, name: str) -> Tenant:
    """A tenant with every scope."""
    tenant = new_id()
    async with run.db.begin(tenant) as session:
        await create_tenant(run, session, tenant, name=name, actor="bench")
        expires_at = utc_now() + timedelta(days=1)
        issued = await issue_key(session, tenant, name=name, scopes=tuple(SCOPES), expires_at=expires_at, actor="bench")
    return Tenant(tenant, issued.text)


def _make_database(postgres: Postgres) -> None:
    postgres.sql(f"CREATE ROLE {LOGIN} LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
    postgres.sql(f"CREATE DATABASE toplu_test_bench OWNER {LOGIN}")
    migrate(postgres.url("toplu_test_bench", LOGIN, password=PASSWORD))


async def await_ready(url: str, api: Process) -> None:
    """Wait until this API is ready. Raises RuntimeError with the end of its log."""
    deadline = time.monotonic() + 60
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        while time.monotonic() < deadline:
            with suppress(httpx.HTTPError):
                if (await client.get("/readyz")).is_success:
                    return
            if api.process.poll() is not None:
                break
            await asyncio.sleep(0.1)
    raise RuntimeError(f"the API did not start:\n{api.log.read_text()[-2000:]}")


def as_json(value: Any) -> bytes:
    """JSON without spaces, as clients send it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()
