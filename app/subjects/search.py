"""After erasing: destroy the raw webhooks that name who was erased."""

from uuid import UUID

import structlog
from sqlalchemy import text

from app.inbound.search import find_webhooks_naming
from app.kit.db import is_away
from app.kit.ids import new_id
from app.retention.write_down import Destroyed, write_items, write_run
from app.runtime import Runtime
from app.subjects.erase import LAWS
from app.subjects.queries import list_erased_hashes
from app.tenants.keys import get_tenant_keys

log = structlog.get_logger()

_tenants = text("SELECT tenant_id FROM erasures_to_search_v1()")
_now = text("SELECT business_now()")
_destroy = text("SELECT destroy_webhooks_v1(CAST(:named AS uuid[]), :size)")
_searched = text(
    "UPDATE erasures SET searched_at = CAST(:at AS timestamptz)"
    " WHERE tenant_id = :tenant AND erased_at <= CAST(:at AS timestamptz)"
    " AND (searched_at IS NULL OR searched_at < erased_at + interval '8 days')"
)


async def search_webhooks(run: Runtime) -> int:
    """Search for everybody whose turn it is: one pass over the kept webhooks per tenant. How many were destroyed.

    The first search comes within a minute of the erasure. Statuses of messages that had left before may still come, so
    it is repeated daily for 8 days; then WhatsApp repeats nothing any more, and raw webhooks live 30 days at most.
    """
    async with run.db.begin() as session:
        tenants = list((await session.execute(_tenants)).scalars())
    total = 0
    for tenant in tenants:
        try:
            total += await _search(run, tenant)
        except Exception as error:  # a door: the next look comes within a minute
            log.error(
                "subjects.search_failed",
                tenant_id=str(tenant),
                error=type(error).__name__,
                exc_info=not is_away(error),
            )
    return total


async def _search(run: Runtime, tenant: UUID) -> int:
    async with run.db.begin(tenant) as session:
        began_at = (await session.execute(_now)).scalar_one()
        keys = await get_tenant_keys(run, session, tenant)
        hashes = await list_erased_hashes(session, tenant)
    run_id, destroyed, whole = new_id(), 0, True
    if hashes:
        async for found in find_webhooks_naming(run, keys, hashes):
            size = await _destroy_page(run, tenant, run_id, found)
            destroyed += size
            whole = whole and size == len(found)  # one that still waits to be read is found by the next search
    async with run.db.begin(tenant) as session:
        if destroyed:
            ended_at = (await session.execute(_now)).scalar_one()
            await write_run(
                session, tenant, run_id, kind="erasure", actor="worker", began_at=began_at, ended_at=ended_at
            )
        if whole:
            await session.execute(_searched, {"tenant": tenant, "at": began_at})
    log.info("subjects.webhooks_searched", tenant_id=str(tenant), people=len(hashes), destroyed=destroyed, whole=whole)
    return destroyed


async def _destroy_page(run: Runtime, tenant: UUID, run_id: UUID, found: list[UUID]) -> int:
    async with run.db.begin(tenant) as session:
        size: int = (await session.execute(_destroy, {"named": found, "size": len(found)})).scalar_one()
        await write_items(session, tenant, run_id, [Destroyed("webhook_raw", "delete", size, LAWS)])
    return size
