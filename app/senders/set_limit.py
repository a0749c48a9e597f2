"""Keep what Meta allows a portfolio in a day."""

from uuid import UUID

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.kit.db import Session
from app.senders.models import portfolios, senders


async def set_limit(session: Session, tenant: UUID, portfolio: str, messaging_limit: str) -> None:
    """The limit holds for every sender of this portfolio, from the next look at its line on: its version counts up."""
    row = {"tenant_id": tenant, "portfolio_id": portfolio, "messaging_limit": messaging_limit}
    await session.execute(
        upsert(portfolios)
        .values(row)
        .on_conflict_do_update(index_elements=["tenant_id", "portfolio_id"], set_={"messaging_limit": messaging_limit})
    )
    await session.execute(
        update(senders)
        .where(senders.c.tenant_id == tenant, func.coalesce(senders.c.portfolio_id, senders.c.waba_id) == portfolio)
        .values(version=senders.c.version + 1)
    )
