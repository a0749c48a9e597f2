"""Replay: fold the whole ledger again and compare it with the state, some thousand people at a time. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.sql import sql_beside

MOST_SHOWN = 100
PEOPLE_AT_ONCE = 10_000  # 60,000 facts take about a second, and one statement may take sixty

_FIRST, _LAST = UUID(int=0), UUID(int=2**128 - 1)
_upto = text(
    "SELECT id FROM people_v1 WHERE tenant_id = :tenant AND id > CAST(:after AS uuid)"
    " ORDER BY id OFFSET :people - 1 LIMIT 1"
)

_states = sql_beside(__file__)
_suppressions = sql_beside(__file__, "suppressions")


@dataclass(frozen=True, slots=True)
class Difference:
    """One row of a state that is not what the ledger says. `of` is a purpose's id, or a scope."""

    person_id: UUID
    of: str
    record_kind: str


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many facts were compared, how many differ, and the first hundred that do."""

    compared: int
    differing: int
    differences: Sequence[Difference]

    @property
    def agrees(self) -> bool:
        """Whether the state is exactly what the ledger says."""
        return self.differing == 0


async def replay(session: Session, tenant: UUID, *, people_at_once: int = PEOPLE_AT_ONCE) -> Replayed:
    """Fold everything the tenant's ledger holds and compare, one range of people after the other.

    No statement and no memory grows with the ledger. What is written meanwhile does not disturb: an act and the state
    that follows from it commit together, and each statement compares the two as of one moment.
    """
    compared = differing = 0
    differences: list[Difference] = []
    after = _FIRST
    while after != _LAST:
        named = {"tenant": tenant, "after": after, "people": people_at_once}
        upto = await session.scalar(_upto, named) or _LAST  # the last range is open, so that nobody falls out
        for statement in (_states, _suppressions):
            asked = {"tenant": tenant, "after": after, "upto": upto, "most": MOST_SHOWN}
            rows = (await session.execute(statement, asked)).all()
            compared += rows[0].compared
            differing += rows[0].differing
            differences += [
                Difference(row.person_id, str(row.of_what), row.record_kind)
                for row in rows
                if row.person_id is not None
            ]
        differences = differences[:MOST_SHOWN]
        after = upto
    return Replayed(compared, differing, differences)
