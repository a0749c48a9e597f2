"""How far behind the sealer is, over all tenants, for whoever watches."""

from sqlalchemy import text

from app.kit.db import Database
from app.kit.metrics import metrics

_waiting = metrics.gauge("evidence_unsealed_rows", "What is written and has no link yet, of all tenants.")
_lag = metrics.gauge("evidence_seal_lag_seconds", "How long the oldest of it has waited; 0 when nothing waits.")
_behind = text("SELECT waiting, lag_s FROM seal_lag_v1()")


async def show_lag(db: Database) -> None:
    """Ask the queue itself, so it is also true when no worker runs, and bring it into this process's metrics."""
    async with db.begin() as session:
        behind = (await session.execute(_behind)).one()
    _waiting.set(behind.waiting)
    _lag.set(behind.lag_s)
