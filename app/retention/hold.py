"""Hold a person's records back from destruction, and let them go again."""

from typing import Literal
from uuid import UUID

from sqlalchemy import func, insert, update

from app.audit.record import record
from app.dispatch.look_again import look_again
from app.kit.db import Session
from app.kit.ids import encode, new_id
from app.retention.errors import HoldLifted, HoldUnknown
from app.retention.models import legal_holds
from app.retention.queries import Hold, find_hold, is_held

HoldReason = Literal["lawsuit", "authority", "complaint", "audit"]


async def place_hold(
    session: Session, tenant: UUID, person: UUID, *, reason: HoldReason, reference: str | None, actor: str
) -> Hold:
    """Nothing of this person is destroyed from now on, until the hold is lifted. Audited."""
    hold = new_id()
    row = {
        "id": hold,
        "tenant_id": tenant,
        "person_id": person,
        "reason": reason,
        "reference": reference,
        "placed_at": func.clock_timestamp(),
        "placed_by": actor,
    }
    await session.execute(insert(legal_holds).values(row))
    detail = {"person": encode("per", person), "reason": reason}
    await record(session, tenant, action="hold.placed", actor=actor, object_id=encode("hld", hold), detail=detail)
    return await _get(session, tenant, hold)


async def lift_hold(session: Session, tenant: UUID, hold: UUID, *, actor: str) -> Hold:
    """Let the next run destroy what is over by now. Raises HoldUnknown, HoldLifted."""
    found = await _get(session, tenant, hold)
    if found.lifted_at is not None:
        raise HoldLifted
    these = legal_holds.c
    await session.execute(
        update(legal_holds)
        .where(these.tenant_id == tenant, these.id == hold)
        .values(lifted_at=func.clock_timestamp(), lifted_by=actor)
    )
    if not await is_held(session, tenant, found.person_id):
        await look_again(session, tenant, found.person_id)
    await record(session, tenant, action="hold.lifted", actor=actor, object_id=encode("hld", hold))
    return await _get(session, tenant, hold)


async def _get(session: Session, tenant: UUID, hold: UUID) -> Hold:
    found = await find_hold(session, tenant, hold)
    if found is None:
        raise HoldUnknown
    return found
