"""Count the duties of all tenants, and tell the operator once a day what is overdue.

Any number of workers look; the row of `duty_rounds` lets one of them count in an hour and one of them tell in a day.
"""

import structlog
from sqlalchemy import text

from app.duties.queries import count_duties
from app.kit.db import Database
from app.kit.metrics import metrics

log = structlog.get_logger()

_overdue = metrics.gauge("duties_overdue", "Duties of all tenants that are overdue, as last counted by a worker.")
_warning = metrics.gauge("duties_warning", "Duties of all tenants that are due soon, as last counted by a worker.")

_claim = text(
    "UPDATE duty_rounds SET counted_at = clock_timestamp()"
    " WHERE counted_at <= clock_timestamp() - interval '1 hour'"
    " RETURNING told_at <= clock_timestamp() - interval '1 day' AS untold"
)
_tenants = text("SELECT tenant_id FROM every_tenant_v1()")
_keep = text(
    "UPDATE duty_rounds SET overdue = :overdue, warning = :warning,"
    " told_at = CASE WHEN :told THEN clock_timestamp() ELSE told_at END"
)
_kept = text("SELECT overdue, warning FROM duty_rounds")


async def tell_overdue(db: Database) -> bool:
    """Count, if an hour has passed since somebody did; tell, if a day has. Whether it counted.

    As the worker. Each tenant with something overdue is one line, with its id, the count, and the kinds.
    """
    async with db.begin() as session:
        claimed = (await session.execute(_claim)).one_or_none()
        if claimed is None:
            return False
        tenants = list((await session.execute(_tenants)).scalars())
    overdue = warning = 0
    for tenant in tenants:
        async with db.begin(tenant) as session:
            counted = await count_duties(session, tenant)
        late = sum(counted["overdue"].values())
        overdue += late
        warning += sum(counted["warning"].values())
        if late and claimed.untold:
            log.error("duties.overdue", tenant_id=str(tenant), overdue=late, kinds=counted["overdue"])
    async with db.begin() as session:
        await session.execute(_keep, {"overdue": overdue, "warning": warning, "told": claimed.untold})
    return True


async def show_count(db: Database) -> None:
    """Bring the last count into this process's metrics."""
    async with db.begin() as session:
        kept = (await session.execute(_kept)).one()
    _overdue.set(kept.overdue)
    _warning.set(kept.warning)
