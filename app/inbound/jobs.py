"""What the queue may ask of this room."""

from typing import Any

from app.inbound.settle import settle_pending
from app.runtime import Runtime

ROWS = 1_000  # webhooks; statuses are settled by the thousand, too


async def settle(ctx: dict[str, Any]) -> None:
    """The bell of the webhook: read what was kept."""
    run: Runtime = ctx["run"]
    await settle_pending(run, ROWS)
