"""Keep people who they are while a transaction lasts, or be the only one who changes that.

An act is written for the person that was found a moment before. If that person were absorbed by another between the
two, the act would stand where nobody looks for it. Acts that restrict hold the person's row anyway; the others hold
this, which costs one lock per transaction and not one per person, and no STOP ever waits for it.

Who needs both, people's rows and this, takes this first: uniting does so, and the other way round the two would wait
for each other.
"""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session

_still = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('people.who|' || CAST(:tenant AS text), 0))")
_alone = text("SELECT pg_advisory_xact_lock(hashtextextended('people.who|' || CAST(:tenant AS text), 0))")
_moved = text(
    "SELECT id, merged_into FROM people"
    " WHERE tenant_id = :tenant AND id = ANY (CAST(:people AS uuid[])) AND merged_into IS NOT NULL"
)


async def hold_still(session: Session, tenant: UUID, people: Iterable[UUID]) -> dict[UUID, UUID]:
    """Nobody is absorbed until this transaction ends. Those of `people` who were before, and who they are now."""
    await session.execute(_still, {"tenant": str(tenant)})
    return await who_they_are_now(session, tenant, people)


async def hold_alone(session: Session, tenant: UUID) -> None:
    """Wait for everybody who holds people still, and keep others from it until this transaction ends."""
    await session.execute(_alone, {"tenant": str(tenant)})


async def who_they_are_now(session: Session, tenant: UUID, people: Iterable[UUID]) -> dict[UUID, UUID]:
    """Those of `people` who were absorbed, each with the person they belong to now."""
    rows = await session.execute(_moved, {"tenant": tenant, "people": list(set(people))})
    return {row.id: row.merged_into for row in rows}
