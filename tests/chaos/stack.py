"""The whole product as processes that may die; a supervisor starts again whatever is gone, as systemd would."""

import asyncio
import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from app.kit.servers import Postgres, Valkey
from app.settings import Settings
from tests.chaos.proxy import Proxy
from tests.furnish import Tenant
from tests.sandbox_process import SandboxProcess
from tests.worker_process import environment

POSTGRES = {
    "max_connections": "100",
    "track_commit_timestamp": "on",  # the checker asks which of two transactions committed first
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
}
ASK_AGAIN_S = 30.0
LAST_WORDS = 6_000  # bytes


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

    def last_words(self) -> str:
        """The end of its log: why it ended is told nowhere else."""
        return self.log.read_bytes()[-LAST_WORDS:].decode("utf-8", "replace")

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

    def close(self) -> None:
        """Nobody asks any more."""
        if self._admin is not None:
            self._admin.terminate()

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

    async def knobs(self, **patch: Any) -> None:
        """Turn knobs of the sandbox."""
        await asyncio.to_thread(lambda: self.sandbox.knobs(**patch))

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
                        how = f"{program.name} ended by itself with {program.process.returncode}"
                        self.odd.append(f"{how}: {program.last_words()}")
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
                        if told["type"] == "template":  # a reply to a person needs no line
                            self.heard[told["phone_number_id"]] = time.monotonic()
                        self.accepted += told["type"] == "template"
                file.seek(self._read)
                await asyncio.sleep(0.05)
