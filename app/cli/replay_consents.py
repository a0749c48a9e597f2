"""Fold a tenant's ledger again and compare it with the state that sends are decided on."""

from uuid import UUID

from app.cli.errors import Stop
from app.consents.replay import Replayed, replay
from app.kit.ids import encode
from app.runtime import open_runtime
from app.settings import Settings
from app.tenants.keys import get_tenant_keys


async def replay_consents(settings: Settings, tenant: UUID) -> Replayed:
    """Compare; nothing is changed. Raises Stop for an unknown tenant."""
    async with open_runtime(settings, "api") as run, run.db.begin(tenant) as session:
        try:
            await get_tenant_keys(run, session, tenant)
        except LookupError:
            raise Stop(f"There is no tenant {encode('ten', tenant)}. `toplu tenants create` makes one.") from None
        return await replay(session, tenant)


def show_replayed(replayed: Replayed) -> list[str]:
    """The totals, and a line for each of the first hundred differences. Names people by their ids only."""
    if replayed.agrees:
        return [f"ok    {replayed.compared} facts compared: the state is what the ledger says"]
    lines = [f"bad   {replayed.differing} of {replayed.compared} facts are not what the ledger says"]
    lines += [f"      {encode('per', one.person_id)} {one.record_kind} {one.of}" for one in replayed.differences]
    return lines
