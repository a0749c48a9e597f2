"""Say which variables a tenant's messages for a purpose may carry (Law 6698, article 4/2-ç: no more than needed)."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert as upsert

from app.audit.record import record
from app.kit.db import Session
from app.purposes.models import purpose_variables
from app.purposes.queries import Purpose


async def allow_variables(
    session: Session, tenant: UUID, purpose: Purpose, variables: Sequence[str] | None, *, actor: str
) -> None:
    """Make these the only ones; an empty list allows none, None takes the list away. For batches made from now on."""
    if variables is None:
        mine = (purpose_variables.c.tenant_id == tenant, purpose_variables.c.purpose_id == purpose.id)
        await session.execute(delete(purpose_variables).where(*mine))
    else:
        allowed = sorted(set(variables))
        kept = upsert(purpose_variables).values(tenant_id=tenant, purpose_id=purpose.id, variables=allowed)
        changed = {"variables": kept.excluded.variables, "updated_at": func.clock_timestamp()}
        await session.execute(kept.on_conflict_do_update(index_elements=["tenant_id", "purpose_id"], set_=changed))
    detail = {"allowed": None if variables is None else sorted(set(variables))}
    await record(session, tenant, action="purpose_variables.changed", actor=actor, object_id=purpose.key, detail=detail)
