"""Prove that nothing is missing and nothing is double: count the rows, not the counters."""

from dataclasses import dataclass
from uuid import UUID

from app.dispatch.errors import BatchUnknown
from app.dispatch.queries import count_batch, find_batch
from app.kit.db import Session
from app.kit.sql import sql_beside

_reconcile = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """The sum of outcomes against the total. `doubled` and `missing` must be 0."""

    total: int
    by_state: dict[str, int]
    refusals: dict[str, int]
    missing: int
    doubled: int
    counters_match: bool

    @property
    def balanced(self) -> bool:
        """Every accepted recipient is in exactly one state."""
        return not self.missing and not self.doubled and self.total == sum(self.by_state.values())


async def reconcile(session: Session, tenant: UUID, batch: UUID) -> Reconciliation:
    """Count a batch from its rows. Raises BatchUnknown. Reads every message of the batch once."""
    row = await find_batch(session, tenant, batch)
    if row is None:
        raise BatchUnknown
    by_state: dict[str, int] = {}
    refusals: dict[str, int] = {}
    missing = doubled = 0
    for found in await session.execute(_reconcile, {"tenant": tenant, "batch": batch}):
        if found.state is None:
            missing += found.n
            continue
        by_state[found.state] = by_state.get(found.state, 0) + found.n
        doubled += found.doubled
        if found.state == "refused":
            refusals[found.reason] = refusals.get(found.reason, 0) + found.n
    states, reasons = await count_batch(session, tenant, batch)
    return Reconciliation(
        row.total,
        by_state,
        refusals,
        missing,
        doubled,
        counters_match=states == by_state and reasons == refusals,
    )
