"""Run retention for one tenant, or look at what it would destroy."""

from uuid import UUID

from app.cli.errors import Stop
from app.kit.ids import encode
from app.retention.run import plan_retention, run_retention
from app.runtime import open_runtime
from app.settings import Settings
from app.tenants.keys import get_tenant_keys


async def destroy(settings: Settings, tenant: UUID, *, dry_run: bool) -> list[str]:
    """One line per class of data, then one for the whole. Raises Stop when there is no such tenant."""
    async with open_runtime(settings, "worker") as run:
        async with run.db.begin(tenant) as session:
            try:
                await get_tenant_keys(run, session, tenant)
            except LookupError:
                raise Stop("There is no such tenant; `toplu tenants create` makes one.") from None
        ran = await (
            plan_retention(run, tenant) if dry_run else run_retention(run, tenant, actor="toplu retention run")
        )
    lines = [f"{name:20} {size:>10}" for name, size in sorted(ran.destroyed.items()) if size]
    if ran.id is None:
        return [*lines, "Nothing was destroyed: this only looked."]
    return [*lines, f"Written down as {encode('dst', ran.id)}."]
