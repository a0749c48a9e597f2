"""What the queue may ask of this room: unpack ids, call a verb, nothing more."""

from typing import Any
from uuid import UUID

from app.dispatch.lines import Lines


async def drain(ctx: dict[str, Any], sender_id: str) -> None:
    """A bell for one sender's line: it wakes the drainer and returns. Work never rides on an arq job."""
    lines: Lines = ctx["lines"]
    await lines.ring(UUID(sender_id))
