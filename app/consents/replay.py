"""Replay: fold the whole ledger again and compare it with the state. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.kit.db import Session
from app.kit.sql import sql_beside

MOST_SHOWN = 100

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


async def replay(session: Session, tenant: UUID) -> Replayed:
    """Fold everything the tenant's ledger holds, in memory bounded by the database's own sort, and compare."""
    compared = differing = 0
    differences: list[Difference] = []
    for statement in (_states, _suppressions):
        rows = (await session.execute(statement, {"tenant": tenant, "most": MOST_SHOWN})).all()
        compared += rows[0].compared
        differing += rows[0].differing
        differences += [
            Difference(row.person_id, str(row.of_what), row.record_kind) for row in rows if row.person_id is not None
        ]
    return Replayed(compared, differing, differences[:MOST_SHOWN])
