"""The sealer that every worker runs: whoever is first seals a tenant, the others pass on."""

from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy import text

from app.evidence.seal import seal_page
from app.evidence.stamp import Stamp, find_stamp, stamp_when_due
from app.kit.db import is_away
from app.runtime import Runtime

log = structlog.get_logger()

LOOK_S = 1.0
PAGES_AT_ONCE = 20  # of one tenant, then the others get their turn
LATE_S = 60.0

_tenants = text("SELECT tenant_id FROM sealable_tenants_v1()")
_lag = text(
    "SELECT coalesce(extract(epoch FROM clock_timestamp() - min(queued_at)), 0)::float8 AS lag_s, sum(n)::bigint AS n"
    " FROM seal_queue WHERE tenant_id = :tenant AND source IN ('consent', 'audit')"
)


@dataclass(slots=True)
class Sealer:
    """Seals for every tenant that has something waiting."""

    run: Runtime
    stamp: Stamp | None = field(default_factory=find_stamp)

    async def look(self) -> None:
        """One round. One tenant's trouble holds up no other."""
        async with self.run.db.begin() as session:
            tenants = list((await session.execute(_tenants)).scalars())
        for tenant in tenants:
            try:
                await self._seal(tenant)
            except Exception as error:  # a door: the next look tries again
                log.error(
                    "evidence.seal_failed",
                    tenant_id=str(tenant),
                    error=type(error).__name__,
                    exc_info=not is_away(error),
                )

    async def _seal(self, tenant: UUID) -> None:
        sealed = 0
        for _ in range(PAGES_AT_ONCE):
            page = await seal_page(self.run, tenant)
            sealed += page
            if not page:
                break
        else:
            await self._tell_lag(tenant)
        if sealed:
            log.info("evidence.sealed", tenant_id=str(tenant), links=sealed)
        if self.stamp is not None and await stamp_when_due(self.run, tenant, self.stamp):
            log.info("evidence.stamped", tenant_id=str(tenant))

    async def _tell_lag(self, tenant: UUID) -> None:
        async with self.run.db.begin(tenant) as session:
            behind = (await session.execute(_lag, {"tenant": tenant})).one()
        if behind.lag_s > LATE_S:
            log.warning("evidence.behind", tenant_id=str(tenant), lag_s=round(behind.lag_s), waiting=behind.n)
