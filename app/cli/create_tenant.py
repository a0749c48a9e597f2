"""Make a tenant and its first API key from the command line, and nothing invented beside them."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.cli.errors import Stop
from app.cli.init import ACTOR, KEY_DAYS, tenant_exists, tenant_of
from app.kit.clock import utc_now
from app.kit.ids import encode
from app.runtime import open_runtime
from app.settings import Settings
from app.tenants.api_keys import SCOPES
from app.tenants.create_tenant import create_tenant
from app.tenants.issue_key import IssuedKey, issue_key


@dataclass(frozen=True, slots=True)
class Created:
    """A tenant and the key of which the text is told this once."""

    tenant: UUID
    issued: IssuedKey


async def create_tenant_with_key(settings: Settings, name: str) -> Created:
    """Both in one transaction. Raises Stop for an empty name, and where the name is a tenant's already."""
    if not name.strip():
        raise Stop("A tenant needs a name.")
    tenant = tenant_of(name)
    expires_at = utc_now() + timedelta(days=KEY_DAYS)
    async with open_runtime(settings, "api") as run, run.db.begin(tenant) as session:
        if await tenant_exists(run, session, tenant):
            known = encode("ten", tenant)
            raise Stop(f"{known} has this name already. `toplu keys create --tenant {known}` makes it another key.")
        await create_tenant(run, session, tenant, name=name, actor=ACTOR)
        issued = await issue_key(session, tenant, name="first key", scopes=SCOPES, expires_at=expires_at, actor=ACTOR)
    return Created(tenant, issued)
