"""What waits and what stands still, over all tenants, for whoever watches."""

from typing import Final

from sqlalchemy import text

from app.kit.db import Database
from app.kit.metrics import metrics
from app.senders.guard import is_allowed

_now = text("SELECT what, which, n FROM sending_now_v1()")
_oldest = metrics.gauge(
    "dispatch_oldest_due_seconds", "How long the first message that could go has been due; 0 when none is."
)
_quarantined = metrics.gauge("senders_quarantined", "1 while this restored database must not send.")
_GAUGES: Final = {
    "messages": metrics.gauge("dispatch_messages", "Messages of batches that are not done, of all tenants.", ["state"]),
    "waiting": metrics.gauge("dispatch_batches_waiting", "Running batches that wait as a whole.", ["reason"]),
    "halted": metrics.gauge("senders_lines_halted", "Senders that are silent because of WhatsApp.", ["scope"]),
}
_LABELS: Final = {
    "messages": ("queued", "sending", "uncertain"),
    "waiting": ("quiet_hours", "portfolio_limit", "template_paused"),
    "halted": ("sender", "account", "credentials", "throttled", "no_answers"),
}


async def show_sending(db: Database) -> None:
    """Ask the database itself, so it is also true when no worker runs, and bring it into this process's metrics."""
    async with db.begin() as session:
        allowed = await is_allowed(session)
        told = {(row.what, row.which): row.n for row in await session.execute(_now)}
    _quarantined.set(not allowed)
    _oldest.set(told.get(("oldest_due", ""), 0.0))
    for what, labels in _LABELS.items():
        for label in labels:
            _GAUGES[what].labels(label).set(told.get((what, label), 0.0))
