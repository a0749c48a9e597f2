"""A desk for the tests of the rooms: the control rooms' routes over HTTP, on a real database that really commits."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import text
from starlette.types import Receive, Scope, Send

from app.duties import api as duties
from app.kit.clock import utc_now
from app.kit.crypto import MasterKey
from app.kit.http import openapi, problems
from app.kit.http.middleware import Edge
from app.kit.http.rate import Quota, RateLimit
from app.kit.ids import encode, new_id
from app.kit.page import Cursors
from app.kit.queue import Bells
from app.notices import api as notices
from app.purposes import api as purposes
from app.registers import api as registers
from app.runtime import Runtime, open_database
from app.senders import api as senders
from app.settings import Settings
from app.templates import api as templates
from app.tenants import api as tenants
from app.tenants.api_keys import SCOPES
from app.tenants.create_tenant import create_tenant
from app.tenants.issue_key import issue_key
from app.whatsapp.client import CloudApi

ROOMS = (tenants, purposes, senders, templates, notices, registers, duties)
MASTER = MasterKey(b"\x07" * 32)
NOBODY_LISTENS = "redis://127.0.0.1:1"


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant with one key, and the client that presents it."""

    id: UUID
    key_id: UUID
    key: str = field(repr=False)
    http: httpx.AsyncClient = field(repr=False)


@dataclass(slots=True)
class Desk:
    """What a test of a room needs."""

    run: Runtime
    app: FastAPI
    _clients: list[httpx.AsyncClient] = field(default_factory=list)

    def client(self, headers: dict[str, str] | None = None) -> httpx.AsyncClient:
        """A client of this desk, closed with it."""

        async def door(scope: Scope, receive: Receive, send: Send) -> None:
            scope.setdefault("state", {})["run"] = self.run
            await self.app(scope, receive, send)

        transport = httpx.ASGITransport(door, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://toplu", headers=headers)
        self._clients.append(client)
        return client

    async def tenant(self, scopes: Iterable[str] = SCOPES, days: int = 1) -> Tenant:
        """A new tenant with a key of these scopes; negative days: the key has expired."""
        tenant = new_id()
        async with self.run.db.begin(tenant) as session:
            await create_tenant(self.run, session, tenant, name="Deneme", actor="test")
        key_id, key = await self.key(tenant, scopes, days)
        return Tenant(tenant, key_id, key, self.client({"authorization": f"Bearer {key}"}))

    async def key(self, tenant: UUID, scopes: Iterable[str] = SCOPES, days: int = 1) -> tuple[UUID, str]:
        """One more key of a tenant: its id and its text."""
        expires_at = utc_now() + timedelta(days=days)
        async with self.run.db.begin(tenant) as session:
            issued = await issue_key(
                session, tenant, name="Anahtar", scopes=scopes, expires_at=expires_at, actor="test"
            )
        return issued.key.id, issued.text

    async def rows(self, tenant: UUID, statement: str, **values: Any) -> list[dict[str, Any]]:
        """What the API's role sees for this tenant."""
        async with self.run.db.begin(tenant) as session:
            found = await session.execute(text(statement), values)
            return [dict(row) for row in found.mappings()]

    async def audit(self, tenant: UUID) -> list[tuple[str, str, str | None]]:
        """(action, actor, object) of what was recorded, in order."""
        rows = await self.rows(tenant, "SELECT action, actor, object_id FROM audit_events ORDER BY id")
        return [(row["action"], row["actor"], row["object_id"]) for row in rows]

    async def close(self) -> None:
        """Close the clients and the pool."""
        for client in self._clients:
            await client.aclose()
        await self.run.bells.close()
        await self.run.db.close()


@asynccontextmanager
async def open_desk(database_url: str) -> AsyncIterator[Desk]:
    """The routes of the control rooms with the edge around them, acting as the API's role."""
    settings = Settings(database_url=SecretStr(database_url), redis_url=SecretStr(NOBODY_LISTENS))
    no_whatsapp = cast(CloudApi, None)
    run = Runtime(
        settings,
        open_database(settings, "api"),
        Bells(NOBODY_LISTENS),
        no_whatsapp,
        MASTER,
        Cursors(MASTER.subkey("cursors")),
        RateLimit(Quota(6_000, 60)),
    )
    desk = Desk(run, build_app())
    try:
        yield desk
    finally:
        await desk.close()


def build_app() -> FastAPI:
    """The control rooms' routes, as the product assembles them."""
    app = FastAPI(
        title="Toplu",
        summary="The control rooms.",
        description="For tests.",
        contact={"name": "Toplu"},
        license_info={"name": "All rights reserved"},
        servers=[{"url": "/"}],
        openapi_tags=[{"name": room.router.tags[0], "description": "A room."} for room in ROOMS],
    )
    for room in ROOMS:
        app.include_router(room.router)
    problems.install(app)
    app.add_middleware(Edge)
    openapi.finish(app)
    return app


def key_name(tenant: Tenant) -> str:
    """The tenant's key as the audit names it."""
    return encode("key", tenant.key_id)
