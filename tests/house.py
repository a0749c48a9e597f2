"""The product, opened for a test: a real HTTP server, the real worker's stage, the real sandbox, one tenant."""

import asyncio
import base64
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.main import create_app, lifespan
from app.runtime import Runtime, open_runtime
from app.settings import Settings
from app.stage import Stage
from app.tenants.api_keys import SCOPES
from app.tenants.create_tenant import create_tenant
from app.tenants.issue_key import issue_key
from tests.furnish import IYS, MARKETING, Tenant, furnish
from tests.idle_sandbox import give_back, take_sandbox
from tests.sandbox_process import APP_SECRET, VERIFY_TOKEN, SandboxProcess


def phone(number: int) -> str:
    """The n-th invented Turkish mobile number."""
    return f"+90532{number:07d}"


@dataclass(slots=True)
class House:
    """The open product. `client` speaks HTTP with the first tenant's key."""

    settings: Settings
    url: str
    run: Runtime
    client: httpx.AsyncClient
    tenant: Tenant
    stage: Stage | None
    sandbox: SandboxProcess | None
    _stack: AsyncExitStack

    async def add_tenant(self, name: str, *, scopes: Sequence[str] = tuple(SCOPES)) -> Tenant:
        """One more tenant with a key."""
        tenant = new_id()
        async with self.run.db.begin(tenant) as session:
            await create_tenant(self.run, session, tenant, name=name, actor="test")
            expires_at = utc_now() + timedelta(days=1)
            issued = await issue_key(session, tenant, name=name, scopes=scopes, expires_at=expires_at, actor="test")
        return Tenant(tenant, issued.text)

    def client_of(self, tenant: Tenant) -> httpx.AsyncClient:
        """HTTP with another tenant's key."""
        return httpx.AsyncClient(
            base_url=self.url, headers={"authorization": f"Bearer {tenant.key}"}, timeout=30, trust_env=False
        )

    async def consent(self, *phones: str, purpose: str = MARKETING, client: httpx.AsyncClient | None = None) -> None:
        """Both records a commercial purpose needs, for each number."""
        at = (utc_now() - timedelta(hours=1)).isoformat()
        rows: list[dict[str, Any]] = []
        for to in phones:
            given = {"to": to, "purpose": purpose, "act": "given", "channel": "web_form", "occurred_at": at}
            rows.append(
                given
                | {
                    "kind": "explicit_consent",
                    "method": "checkbox",
                    "notice_version_id": self.tenant.notice_version,
                }
            )
            rows.append(given | {"kind": "commercial_approval", "method": "checkbox", "iys": IYS})
        answer = await (client or self.client).post("/v1/consents", json={"consents": rows})
        assert answer.is_success, answer.text

    async def withdraw(self, *phones: str) -> None:
        """The person takes it back."""
        body = {"people": [{"to": to} for to in phones], "channel": "api"}
        answer = await self.client.post("/v1/consents/withdraw", json=body)
        assert answer.is_success, answer.text

    def batch_of(self, *phones: str, **more: Any) -> dict[str, Any]:
        """A marketing batch with one obvious value each."""
        return {
            "sender": self.tenant.sender,
            "template": {"name": "autumn_offer", "language": "tr"},
            "purpose": MARKETING,
            "recipients": [{"to": to, "variables": {"first_name": "Ayşe"}} for to in phones],
            "start": True,
        } | more

    async def send(self, *phones: str, **more: Any) -> dict[str, Any]:
        """Accept a batch, started unless said otherwise."""
        answer = await self.client.post("/v1/batches", json=self.batch_of(*phones, **more))
        assert answer.is_success, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        """A GET that must succeed."""
        answer = await self.client.get(path, params=params)
        assert answer.is_success, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def messages(self, batch: str) -> list[dict[str, Any]]:
        """All messages of a batch."""
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.get(f"/v1/batches/{batch}/messages", limit=200, **cursor)
            found += page["data"]
            if not page["has_more"]:
                return found
            cursor = {"cursor": page["next_cursor"]}

    def accepted(self) -> list[str]:
        """The ids WhatsApp accepted, from its own log."""
        assert self.sandbox is not None
        return [line["opaque"] for line in self.sandbox.truth("accepted")]

    async def until(
        self, batch: str, is_so: Callable[[dict[str, Any]], bool], *, timeout_s: float = 30.0
    ) -> dict[str, Any]:
        """The batch, as soon as something is so. Fails with its last state when it never is."""
        body: dict[str, Any] = {}
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            body = await self.get(f"/v1/batches/{batch}")
            if is_so(body):
                return body
            await asyncio.sleep(0.05)
        raise AssertionError(f"never so; last: {body}")

    async def until_settled(self, batch: str, *, timeout_s: float = 30.0) -> dict[str, Any]:
        """The batch, as soon as nothing of it is queued, sending or waiting for delivery."""
        return await self.until(
            batch,
            lambda body: not {"queued", "sending", "sent"} & body["counts"].keys() and body["state"] == "completed",
            timeout_s=timeout_s,
        )

    async def stop_worker(self) -> None:
        """SIGTERM's way: drain and end."""
        if self.stage is not None:
            await self.stage.end()
            self.stage = None

    async def start_worker(self, **settings: Any) -> None:
        """A worker's stage, without arq: it finds work by polling."""
        self.stage = Stage(self.settings.model_copy(update=settings))
        await self.stage.begun()


def settings_for(database_url: str, redis_url: str, whatsapp_url: str, **more: Any) -> Settings:
    """Settings as a test wants them: quick looks, short leases."""
    given: dict[str, Any] = {
        "database_url": database_url,
        "redis_url": redis_url,
        "master_key": base64.b64encode(os.urandom(32)).decode(),
        "whatsapp_url": whatsapp_url,
        "whatsapp_app_secret": APP_SECRET,
        "whatsapp_verify_token": VERIFY_TOKEN,
        "quiet_hours": "off",  # a test sends at any hour; those of the contact rules set them
        "marketing_per_7_days": "off",
        "marketing_per_30_days": "off",
        "contact_rules_off_acknowledged_by": "the tests",
        "whatsapp_read_timeout_s": 5.0,
        "sending_lease_s": 25.0,
        "lease_s": 3.0,
        "poll_s": 0.1,
        "worker_pool_size": 6,
        "api_pool_size": 6,
        "log_level": "WARNING",
    }
    return Settings(**(given | more))


@asynccontextmanager
async def open_house(
    database_url: str,
    redis_url: str,
    place: Path,
    *,
    worker: bool = True,
    sandbox: bool = True,
    furnished: bool = True,
    knobs: dict[str, Any] | None = None,
    **more: Any,
) -> AsyncIterator[House]:
    """Open everything and close it again. `more` are settings; `knobs` are the sandbox's."""
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio sets it only on sockets of its own
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        pretend: SandboxProcess | None = None
        if sandbox:
            pretend = await asyncio.to_thread(take_sandbox, place / "sandbox")
            stack.callback(give_back, pretend)
        settings = settings_for(database_url, redis_url, pretend.url if pretend else "http://127.0.0.1:9", **more)
        run = await stack.enter_async_context(open_runtime(settings, "api"))
        await stack.enter_async_context(_serve(settings, listener))
        # The server closes what was silent for 5 s; a request that just then goes out on it would fail.
        kept = httpx.Limits(keepalive_expiry=2.0)
        client = await stack.enter_async_context(
            httpx.AsyncClient(base_url=url, timeout=30, trust_env=False, limits=kept)
        )
        house = House(settings, url, run, client, Tenant(new_id(), ""), None, pretend, stack)
        house.tenant = await house.add_tenant("Dükkân A.Ş.")
        client.headers["authorization"] = f"Bearer {house.tenant.key}"
        if furnished:
            await furnish(client, house.tenant)
        if worker:
            await house.start_worker()
        try:
            if pretend is not None:
                await asyncio.to_thread(pretend.knobs, **(knobs or {}))
                await asyncio.to_thread(pretend.subscribe, f"{url}/providers/whatsapp/webhook")
            yield house
        finally:
            await house.stop_worker()


@cache
def _assembled(*, docs: bool, max_body_bytes: int) -> FastAPI:
    """The service, put together once per test process: its 200 routes take longer than most tests."""
    return create_app(
        settings_for(
            "postgresql://nowhere/none",
            "redis://nowhere:1",
            "http://127.0.0.1:9",
            docs=docs,
            max_body_bytes=max_body_bytes,
        )
    )


def _app(settings: Settings) -> FastAPI:
    """The service with these settings. It reads them when its server starts, so houses start one after the other."""
    app = _assembled(docs=settings.docs, max_body_bytes=settings.max_body_bytes)
    app.router.lifespan_context = partial(lifespan, settings)
    return app


@asynccontextmanager
async def _serve(settings: Settings, listener: socket.socket) -> AsyncIterator[None]:
    """A real uvicorn in this loop."""
    server = uvicorn.Server(
        uvicorn.Config(
            _app(settings),
            log_config=None,
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=2,
        )
    )
    serving: Awaitable[None] = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await serving
