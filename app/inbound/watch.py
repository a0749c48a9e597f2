"""How many kept webhooks wait to be read, for whoever watches."""

from sqlalchemy import text

from app.kit.db import Database
from app.kit.metrics import metrics

_waiting = metrics.gauge("inbound_webhooks_waiting", "Webhooks that are kept and not read yet.")
_oldest = metrics.gauge("inbound_oldest_webhook_seconds", "How long the oldest of them has waited; 0 when none waits.")
# The id says when it came; the time beside it moves with every try.
_queue = text(
    "SELECT (SELECT count(*) FROM webhook_queue) AS waiting, extract(epoch FROM clock_timestamp()) AS now,"
    " (SELECT raw_id FROM webhook_queue ORDER BY raw_id LIMIT 1) AS oldest"
)


async def show_queue(db: Database) -> None:
    """Ask the queue itself, so it is also true when no worker runs, and bring it into this process's metrics."""
    async with db.begin() as session:
        row = (await session.execute(_queue)).one()
    _waiting.set(row.waiting)
    _oldest.set(0.0 if row.oldest is None else max(0.0, float(row.now) - (row.oldest.int >> 80) / 1000))
