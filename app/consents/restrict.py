"""Take the people that an act is about to restrict: the first statement of every such act."""

from collections.abc import Iterable
from uuid import UUID

from app.kit.db import Session
from app.kit.sql import sql_beside

_restrict = sql_beside(__file__)


async def restrict(session: Session, tenant: UUID, people: Iterable[UUID]) -> None:
    """Hold these people's rows until the transaction ends.

    A claim holds the rows of its people too. So a claim that came first is waited for (it commits before it posts, in
    milliseconds), and one that comes later passes these people over, then asks the gate after our commit.
    """
    ids = list(set(people))
    if ids:
        await session.execute(_restrict, {"tenant": tenant, "people": ids})
