"""The whole product as processes that may die: PostgreSQL with fsync, Valkey, the API, workers, the pretend WhatsApp.

The API and the workers reach PostgreSQL through a proxy each, the workers reach WhatsApp through a third one.
A supervisor starts again whatever is gone, as systemd would.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from app.kit.servers import Postgres, Valkey, throwaway_data_dir
from app.runtime import open_runtime
from app.settings import Settings
from tests.bench.stand import _await_ready, free_port, make_tenant
from tests.chaos.proxy import Proxy
from tests.conftest import LOGIN, PASSWORD, migrate
from tests.furnish import TEMPLATES, Tenant, furnish, made
from tests.house import settings_for
from tests.sandbox_process import TOKEN, WABA_ID, SandboxProcess
from tests.worker_process import ROOT, environment

POSTGRES = {
    "max_connections": "100",
    "track_commit_timestamp": "on",  # the checker asks which of two transactions committed first
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
}
SETTINGS = {
    "whatsapp_read_timeout_s": 2.0,
    "sending_lease_s": 22.0,  # the least that goes with the read timeout
    "lease_s": 3.0,
    "poll_s": 0.2,
    "requests_per_minute": 100_000_000,
    "max_body_bytes": 4_000_000,
}
KNOBS = {
    "latency_ms": 40,
    "latency_jitter_ms": 40,
    "throughput_per_s": 5000,
    "throughput_burst": 5000,
    "delay_sent_s": 0.1,
    "delay_delivered_s": 0.5,
    "delay_read_s": 1.5,
    "delay_jitter": 1.0,
    "read_share": 0.5,
    "duplicate_share": 0.1,
    "reorder_share": 0.1,
    "repeat_share": 0.05,
    "webhook_random_batches": True,
    "webhook_timeout_s": 5.0,
    "retry_first_s": 0.3,
    "retry_most_s": 3.0,
}
SENDERS = 4
WORKERS = 2
ASK_AGAIN_S = 30.0


@dataclass(slots=True)
class Program:
    """One process of the product, its words, and whether it is meant to live."""

    name: str
    words: list[str]
    settings: Settings
    root: Path
    log: Path
    wanted: bool = True
    killed: bool = False  # by us, so its end is no finding
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        """Begin (again)."""
        self.killed = False
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.words,
                cwd=self.root,
                env={**os.environ, "PYTHONPATH": str(self.root), **environment(self.settings)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def kill(self) -> None:
        """kill -9."""
        self.killed = True
        self.process.kill()

    def signal(self, number: int) -> None:
        """Any other signal."""
        with suppress(ProcessLookupError):
            self.process.send_signal(number)

    async def end(self) -> int:
        """SIGTERM, and wait for the end."""
        self.wanted, self.killed = False, True
        if self.alive:
            self.signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, 60)


@dataclass(slots=True)
class Stack:
    """Everything that runs. `odd` collects what should never happen whatever breaks, such as a process that ends."""

    seed: int
    place: Path
    root: Path
    postgres: Postgres
    valkey: Valkey
    settings: Settings
    api_database: Proxy
    worker_database: Proxy
    whatsapp: Proxy
    sandbox: SandboxProcess
    url: str
    rng: random.Random
    tenant: Tenant
    client: httpx.AsyncClient
    api: Program
    workers: list[Program]
    senders: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    heard: dict[str, float] = field(default_factory=dict)  # number: when WhatsApp last accepted from it
    accepted: int = 0
    away: set[str] = field(default_factory=set)  # servers that a fault holds down
    _admin: asyncpg.Connection | None = None
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _read: int = 0

    async def ask(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """Rows as the superuser sees them, also across a restart of the server."""
        async with self._asking:
            return await self._ask(sql, *args)

    async def _ask(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        deadline = time.monotonic() + ASK_AGAIN_S
        while True:
            try:
                if self._admin is None or self._admin.is_closed():
                    self._admin = await asyncpg.connect(self.postgres.url("toplu_test_chaos"), timeout=5)
                    await self._admin.execute("SET search_path = toplu, public")
                return await self._admin.fetch(sql, *args, timeout=120)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
                if isinstance(error, asyncpg.SyntaxOrAccessError):
                    raise
                if self._admin is not None:
                    self._admin.terminate()
                self._admin = None
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.1)

    async def post(self, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        """What a careful caller does: the same key again and again, until there is an answer."""
        deadline = time.monotonic() + 90
        while True:
            with suppress(httpx.HTTPError):
                answer = await self.client.post(path, json=body, headers={"idempotency-key": key})
                if answer.is_success:
                    shown: dict[str, Any] = answer.json()
                    return shown
                if answer.status_code not in (409, 429, 500, 502, 503):
                    raise RuntimeError(f"{path}: {answer.status_code} {answer.text[:500]}")
                if answer.status_code == 500:
                    self.odd.append(f"the API answered 500 to {path}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path}: no answer for 90 s")
            await asyncio.sleep(0.2)

    async def supervise(self) -> None:
        """Start again what ended; note what ended by itself."""
        while True:
            for program in (self.api, *self.workers):
                if program.wanted and not program.alive:
                    if not program.killed:
                        self.odd.append(f"{program.name} ended by itself with {program.process.returncode}")
                    program.start()
            if not self.postgres.running and "postgres" not in self.away:
                await asyncio.to_thread(self.restart_postgres)
            if not self.valkey.running and "valkey" not in self.away:
                await asyncio.to_thread(self.valkey.begin_again)
            await asyncio.sleep(0.1)

    def restart_postgres(self) -> None:
        """The same cluster again, perhaps on another port: the proxies ask for it each time."""
        with suppress(Exception):
            self.postgres.stop()
        self.postgres = Postgres.start(self.place / "postgres", port=self.postgres.port, settings=POSTGRES)

    async def listen(self) -> None:
        """Follow the truth log: who was heard, and when."""
        with self.sandbox.truth_path.open("rb") as file:
            while True:
                while (line := file.readline()).endswith(b"\n"):
                    self._read = file.tell()
                    told = json.loads(line)
                    if told["event"] == "accepted":
                        self.heard[told["phone_number_id"]] = time.monotonic()
                        self.accepted += told["type"] == "template"
                file.seek(self._read)
                await asyncio.sleep(0.05)


def _worker(number: int, settings: Settings, root: Path, place: Path) -> Program:
    words = [sys.executable, "-m", "arq", "app.worker.WorkerSettings"]
    return Program(f"worker {number}", words, settings, root, place / f"worker{number}.log")


def _api(settings: Settings, root: Path, place: Path, port: int) -> Program:
    words = [sys.executable, "-m", "app", "api", "--host", "127.0.0.1", "--port", str(port)]
    return Program("the API", words, settings, root, place / "api.log")


@asynccontextmanager
async def open_stack(
    seed: int,
    *,
    root: Path = ROOT,
    workers: int = WORKERS,
    senders: int = SENDERS,
    rate: int = 40,
    idle_after: int | None = None,
    **more: Any,
) -> AsyncIterator[Stack]:
    """Start everything, with `senders` senders of `rate` messages per second each.

    `root`: where the product's code is. `idle_after`: the workers from there on are the caller's to start. `more` are
    settings, or knobs of the sandbox when they are its own.
    """
    async with AsyncExitStack() as held:
        place = held.enter_context(throwaway_data_dir("chaos-"))
        postgres = await asyncio.to_thread(Postgres.start, place / "postgres", settings=POSTGRES)
        valkey = held.enter_context(await asyncio.to_thread(Valkey.start, place / "valkey"))
        running: list[Stack] = []
        held.callback(lambda: (running[0].postgres if running else postgres).stop())
        await asyncio.to_thread(_make_database, postgres)

        def where() -> tuple[str, int]:
            return "127.0.0.1", (running[0].postgres if running else postgres).port

        databases = [await Proxy.start(where, speaks="postgres") for _ in range(2)]
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        numbers = [f"1000000000000{n:02d}" for n in range(1, senders + 1)]
        sandbox = await asyncio.to_thread(
            SandboxProcess.start,
            place / "sandbox",
            f"{url}/providers/whatsapp/webhook",
            templates=TEMPLATES,
            numbers=[{"id": number, "waba_id": WABA_ID} for number in numbers],
            seed=seed,
            **KNOBS | {name: value for name, value in more.items() if name in KNOBS or name == "answer_delay_ms"},
        )
        held.callback(sandbox.stop)
        whatsapp = await Proxy.start(lambda: ("127.0.0.1", sandbox.port), speaks="http")
        for proxy in (*databases, whatsapp):
            held.push_async_callback(proxy.close)
        settings = settings_for(
            f"postgresql://{LOGIN}:{PASSWORD}@127.0.0.1:{databases[0].port}/toplu_test_chaos",
            valkey.url,
            f"http://127.0.0.1:{whatsapp.port}",
            **SETTINGS | {name: value for name, value in more.items() if name in Settings.model_fields},
        )
        theirs = settings.model_copy(
            update={
                "database_url": type(settings.database_url)(
                    settings.database_url.get_secret_value().replace(f":{databases[0].port}/", f":{databases[1].port}/")
                )
            }
        )
        api = _api(settings, root, place, port)
        api.start()
        crew = [_worker(number, theirs, root, place) for number in range(1, workers + 1)]
        held.push_async_callback(_end_all, [api, *crew])
        await _await_ready(url, api)
        client = await held.enter_async_context(httpx.AsyncClient(base_url=url, timeout=30, trust_env=False))
        async with open_runtime(settings, "api") as run:
            tenant = await make_tenant(run, "Chaos")
        client.headers["authorization"] = f"Bearer {tenant.key}"
        stack = Stack(
            seed,
            place,
            root,
            postgres,
            valkey,
            settings,
            *databases,
            whatsapp,
            sandbox,
            url,
            random.Random(seed),
            tenant,
            client,
            api,
            crew,
        )
        running.append(stack)
        await _furnish(stack, numbers, rate)
        await asyncio.to_thread(sandbox.await_subscribed, 30)
        for worker in crew[:idle_after]:
            worker.start()
        for worker in crew[len(crew) if idle_after is None else idle_after :]:
            worker.wanted = False
        watchers = [asyncio.create_task(stack.supervise()), asyncio.create_task(stack.listen())]
        try:
            yield stack
        finally:
            for watcher in watchers:
                watcher.cancel()
            ended = await asyncio.gather(*watchers, return_exceptions=True)
            if stack._admin is not None:
                stack._admin.terminate()
            for error in ended:
                if isinstance(error, Exception):
                    raise error


async def _furnish(stack: Stack, numbers: list[str], rate: int) -> None:
    await furnish(stack.client, stack.tenant, number=numbers[0])
    stack.numbers, stack.senders = numbers, [stack.tenant.sender]
    for number in numbers[1:]:
        sender = {"name": f"Dükkân {number[-2:]}", "phone_number_id": number, "waba_id": WABA_ID}
        sender |= {"display_phone_number": f"+90 850 000 00 {number[-2:]}", "access_token": TOKEN}
        stack.senders.append((await made(stack.client, "/v1/senders", sender))["id"])
    for sender_id in stack.senders:
        answer = await stack.client.patch(f"/v1/senders/{sender_id}", json={"messages_per_second": rate})
        assert answer.is_success, answer.text


async def _end_all(programs: list[Program]) -> None:
    for program in programs:
        program.wanted = False
        if hasattr(program, "process") and program.alive:
            program.signal(signal.SIGCONT)
            program.kill()
            await asyncio.to_thread(program.process.wait, 10)


def _make_database(postgres: Postgres) -> None:
    postgres.sql(f"CREATE ROLE {LOGIN} LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
    postgres.sql(f"CREATE DATABASE toplu_test_chaos OWNER {LOGIN}")
    migrate(postgres.url("toplu_test_chaos", LOGIN, password=PASSWORD))
