"""How many more people a portfolio may reach: a moving 24 hours over all its numbers, counted here.

Meta, messaging limits (2026-05): unique people outside the service window; it names no error code for one too many, so
we stop before. Everybody we claim a message for is counted, also inside the window: rather one too few. A limit that
nobody told us is no limit. Marketing leaves a twentieth of it to one-time codes and updates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.sql import sql_beside

RESERVED = 0.05  # of the limit, for messages that are not marketing; ours

_hold = text(
    "SELECT CAST(messaging_limit AS int) AS most FROM portfolios"
    " WHERE tenant_id = :tenant AND portfolio_id = :portfolio AND messaging_limit <> 'unlimited' FOR UPDATE"
)
_weigh = sql_beside(__file__)
_spend = text(
    "INSERT INTO portfolio_people (tenant_id, portfolio_id, person_id, last_at)"
    " SELECT DISTINCT CAST(:tenant AS uuid), :portfolio, p.person, business_now()"
    " FROM unnest(CAST(:people AS uuid[])) AS p (person)"
    " ON CONFLICT (tenant_id, portfolio_id, person_id) DO UPDATE SET last_at = excluded.last_at"
)
_forget = text(
    "DELETE FROM portfolio_people WHERE tenant_id = :tenant AND portfolio_id = :portfolio"
    " AND last_at <= business_now() - interval '24 hours'"
)
_used = text(
    "SELECT count(*)::int AS used, min(last_at) + interval '24 hours' AS frees_at FROM portfolio_people"
    " WHERE tenant_id = :tenant AND portfolio_id = :portfolio AND last_at > business_now() - interval '24 hours'"
)


@dataclass(frozen=True, slots=True)
class Budget:
    """A portfolio whose row we hold: at most `most` people in 24 hours."""

    tenant: UUID
    portfolio: str
    most: int


@dataclass(frozen=True, slots=True)
class Weighed:
    """Who of the people asked for may be written to; `until` (business time): when there is room again, or None."""

    people: frozenset[UUID]
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Used:
    """How many people were reached in the last 24 hours, and when the first of them no longer counts."""

    people: int
    frees_at: datetime | None


async def hold_budget(session: Session, tenant: UUID, portfolio: str, *, marketing: bool) -> Budget | None:
    """Lock the portfolio until the transaction ends. None: nothing limits it, as far as we were told."""
    most = (await session.execute(_hold, {"tenant": tenant, "portfolio": portfolio})).scalar_one_or_none()
    if most is None:
        return None
    return Budget(tenant, portfolio, int(most * (1 - RESERVED)) if marketing else most)


async def weigh(session: Session, budget: Budget, people: Sequence[UUID]) -> Weighed:
    """Who of these may be written to: whoever counts already, and others in their order while there is room."""
    named = {"tenant": budget.tenant, "portfolio": budget.portfolio, "most": budget.most, "people": list(people)}
    rows = (await session.execute(_weigh, named)).all()
    return Weighed(
        frozenset(row.person_id for row in rows if row.fits), next((row.until for row in rows if not row.fits), None)
    )


async def spend(session: Session, budget: Budget, people: Sequence[UUID]) -> None:
    """Count these people from now on."""
    if people:
        named = {"tenant": budget.tenant, "portfolio": budget.portfolio, "people": sorted(people)}
        await session.execute(_spend, named)


async def forget_people(session: Session, tenant: UUID, portfolio: str) -> None:
    """Drop who does not count any more."""
    await session.execute(_forget, {"tenant": tenant, "portfolio": portfolio})


async def count_used(session: Session, tenant: UUID, portfolio: str) -> Used:
    """What is used of the budget now."""
    row = (await session.execute(_used, {"tenant": tenant, "portfolio": portfolio})).one()
    return Used(row.used, row.frees_at)
