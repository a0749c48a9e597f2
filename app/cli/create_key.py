"""Issue an API key from the command line."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from app.cli.errors import Stop
from app.cli.init import ACTOR
from app.kit.clock import utc_now
from app.kit.ids import encode
from app.runtime import open_runtime
from app.settings import Settings
from app.tenants.api_keys import SCOPES
from app.tenants.issue_key import IssuedKey, issue_key
from app.tenants.keys import get_tenant_keys


async def create_key(settings: Settings, tenant: UUID, *, name: str, scopes: Sequence[str], days: int) -> IssuedKey:
    """Issue a key for the tenant; no scopes means all. Raises Stop for unknown scopes or an unknown tenant."""
    unknown = sorted(set(scopes) - SCOPES.keys())
    if unknown:
        raise Stop(f"There is no scope {', '.join(unknown)}. There are: {', '.join(sorted(SCOPES))}.")
    expires_at = utc_now() + timedelta(days=days)
    async with open_runtime(settings, "api") as run, run.db.begin(tenant) as session:
        try:
            await get_tenant_keys(run, session, tenant)
        except LookupError:
            raise Stop(f"There is no tenant {encode('ten', tenant)}. `toplu tenants create` makes one.") from None
        return await issue_key(session, tenant, name=name, scopes=scopes or SCOPES, expires_at=expires_at, actor=ACTOR)
