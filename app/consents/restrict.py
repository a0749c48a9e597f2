"""Take the people that an act is about to restrict: the first statement of every such act."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.sql import sql_beside

_restrict = sql_beside(__file__)
_absorbed = text(
    "SELECT id FROM people_v1 WHERE tenant_id = :tenant AND merged_into IS NOT NULL"
    " AND merged_into = ANY (CAST(:people AS uuid[]))"
)


async def restrict(session: Session, tenant: UUID, people: Iterable[UUID]) -> dict[UUID, UUID]:
    """Hold these people's rows until the transaction ends. Those who were absorbed meanwhile, and who they are now.

    A claim holds the rows of its people too. So a claim that came first is waited for (it commits before it posts, in
    milliseconds), and one that comes later passes these people over, then asks the gate after our commit. The act is
    written for who the person is now: under these locks nobody absorbs them any more.
    """
    held: dict[UUID, UUID | None] = {}
    wanted = set(people)
    while wanted:
        rows = await session.execute(_restrict, {"tenant": tenant, "people": list(wanted)})
        taken = {row.id: row.merged_into for row in rows}
        held |= taken
        # Somebody may have been absorbed between the snapshot and the lock: they are taken as well.
        now = {who for who in taken.values() if who is not None}
        others = await session.execute(_absorbed, {"tenant": tenant, "people": list(taken.keys() | now)})
        wanted = (now | set(others.scalars())) - held.keys()
    return {id_: who for id_, who in held.items() if who is not None}
