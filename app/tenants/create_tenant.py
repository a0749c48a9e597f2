"""Make a tenant, with the keys that will seal everything of theirs."""

from uuid import UUID

from sqlalchemy import insert

from app.audit.record import record
from app.kit.db import Session
from app.kit.ids import encode
from app.runtime import Runtime
from app.tenants.keys import make_tenant_keys
from app.tenants.models import tenants


async def create_tenant(run: Runtime, session: Session, tenant: UUID, *, name: str, actor: str) -> None:
    """Make the tenant and its keys.

    The caller chooses the id and opens the transaction for it (`run.db.begin(tenant)`): row-level
    security lets a tenant be written only by itself.
    """
    await session.execute(insert(tenants).values(tenant_id=tenant, name=name))
    await make_tenant_keys(run, session, tenant)
    await record(session, tenant, action="tenant.created", actor=actor, object_id=encode("ten", tenant))
