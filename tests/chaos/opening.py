"""Start the whole product: PostgreSQL with fsync, Valkey, the API, workers, the pretend WhatsApp.

The API and the workers reach PostgreSQL through a proxy each, the workers reach WhatsApp through a third one.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from app.kit.servers import Postgres, Valkey, throwaway_data_dir
from app.runtime import open_runtime
from app.settings import Settings
from tests.bench.stand import await_ready, free_port, make_tenant
from tests.chaos.proxy import Proxy
from tests.chaos.stack import POSTGRES, Program, Stack
from tests.conftest import LOGIN, PASSWORD, migrate
from tests.furnish import TEMPLATES, furnish, made
from tests.house import settings_for
from tests.sandbox_process import TOKEN, WABA_ID, SandboxProcess
from tests.worker_process import ROOT

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


def _worker(number: int, settings: Settings, root: Path, place: Path) -> Program:
    words = [sys.executable, "-m", "app", "worker"]
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

    Longer than fifty lines because what is opened here is closed in reverse by one stack: the order is the point.
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
        sandbox = await _open_sandbox(place, url, numbers, seed, more)
        held.callback(sandbox.stop)
        whatsapp = await Proxy.start(lambda: ("127.0.0.1", sandbox.port), speaks="http")
        for proxy in (*databases, whatsapp):
            held.push_async_callback(proxy.close)
        settings, theirs = _both_settings(databases, valkey, whatsapp, more)
        api = _api(settings, root, place, port)
        api.start()
        crew = [_worker(number, theirs, root, place) for number in range(1, workers + 1)]
        held.push_async_callback(_end_all, [api, *crew])
        await await_ready(url, api)
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
        async with _watched(stack):
            yield stack


async def _open_sandbox(place: Path, url: str, numbers: list[str], seed: int, more: dict[str, Any]) -> SandboxProcess:
    """A pretend WhatsApp with these numbers, and the knobs among `more`."""
    return await asyncio.to_thread(
        SandboxProcess.start,
        place / "sandbox",
        f"{url}/providers/whatsapp/webhook",
        templates=TEMPLATES,
        numbers=[{"id": number, "waba_id": WABA_ID} for number in numbers],
        seed=seed,
        **KNOBS | {name: value for name, value in more.items() if name in KNOBS or name == "answer_delay_ms"},
    )


def _both_settings(
    databases: list[Proxy], valkey: Valkey, whatsapp: Proxy, more: dict[str, Any]
) -> tuple[Settings, Settings]:
    """The API's and the workers': each kind has a way to the database of its own, so that one can be cut."""
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
    return settings, theirs


@asynccontextmanager
async def _watched(stack: Stack) -> AsyncIterator[None]:
    """Start again what dies, and listen, until the block ends. Raises what a watcher raised."""
    watchers = [asyncio.create_task(stack.supervise()), asyncio.create_task(stack.listen())]
    try:
        yield
    finally:
        for watcher in watchers:
            watcher.cancel()
        ended = await asyncio.gather(*watchers, return_exceptions=True)
        stack.close()
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
