"""What is open: settings, database, bells, WhatsApp, keys. HTTP, worker, CLI and tests open the same bag."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import httpx

from app.kit.crypto import MasterKey
from app.kit.db import Database
from app.kit.http.rate import Quota, RateLimit
from app.kit.page import Cursors
from app.kit.queue import Bells
from app.settings import Settings
from app.whatsapp.client import CloudApi, Timeouts

SCHEMA = "toplu"
TENANT_SETTING = "toplu.tenant"

Door = Literal["api", "worker"]


@dataclass(frozen=True, slots=True)
class TenantKeys:
    """One tenant's two keys, unwrapped: `data` seals values, `lookup` makes the keyed hashes."""

    data: bytes = field(repr=False)
    lookup: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Runtime:
    """One bag of open things, for one process."""

    settings: Settings
    db: Database
    bells: Bells
    whatsapp: CloudApi
    master: MasterKey
    cursors: Cursors
    rate: RateLimit
    tenant_keys: dict[UUID, TenantKeys] = field(default_factory=dict, repr=False)
    remembered: dict[str, Any] = field(default_factory=dict, repr=False)  # presented keys, for seconds (tenants.door)


def open_database(settings: Settings, door: Door) -> Database:
    """The pool of one door. Each door acts as its own role, whatever login the address names."""
    return Database(
        settings.database_url.get_secret_value(),
        role=f"toplu_{door}",
        schema=SCHEMA,
        scope_setting=TENANT_SETTING,
        pool_size=settings.api_pool_size if door == "api" else settings.worker_pool_size,
        name=f"toplu-{door}",
    )


def _open_transport(settings: Settings, door: Door) -> httpx.AsyncBaseTransport:
    """What posts to WhatsApp. Only a worker does: the API goes without, and without the 8 MB of what is underneath."""
    if door == "api":
        return httpx.AsyncBaseTransport()
    from app.whatsapp.transport import open_transport

    return open_transport(max_connections=settings.whatsapp_connections, ca_file=settings.whatsapp_ca_file)


@asynccontextmanager
async def open_runtime(settings: Settings, door: Door) -> AsyncIterator[Runtime]:
    """Open everything for one door and close it again, also when the block raises."""
    master = MasterKey.read(settings.read_master_key())
    rate = RateLimit(Quota(settings.requests_per_minute, 60))
    db = open_database(settings, door)
    bells = Bells(settings.redis_url.get_secret_value())
    transport = _open_transport(settings, door)
    read_s = settings.whatsapp_read_timeout_s
    timeouts = Timeouts(read_s=read_s, total_s=read_s + 10.0)
    whatsapp = CloudApi(settings.whatsapp_url, settings.whatsapp_version, transport, timeouts)
    try:
        yield Runtime(settings, db, bells, whatsapp, master, Cursors(master.subkey("cursors")), rate)
    finally:
        await transport.aclose()
        await bells.close()
        await db.close()
