"""Hold a sender's line: a lease in the database, with a fence that outlives the holder."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.sql import sql_beside

_hold = sql_beside(__file__)
_leave = text(
    "UPDATE sender_lines SET lease_until = '-infinity'"
    " WHERE tenant_id = :tenant AND sender_id = :sender AND owner = :owner AND fence = :fence"
)
_close = text(
    "UPDATE sender_lines SET halted_until = '-infinity', halted_code = NULL, halted_scope = NULL"
    " WHERE tenant_id = :tenant AND sender_id = :sender AND halted_until <= clock_timestamp()"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is ours. `fence` goes into every write; `halted_s` seconds it must stay silent still.

    `half_open`: it was halted, and one message has to find out whether that is over.
    """

    fence: int
    halted_s: float
    half_open: bool


async def hold_line(session: Session, tenant: UUID, sender: UUID, owner: str, *, lease_s: float) -> Line | None:
    """Take or keep the line for `lease_s` seconds. None: another worker holds it."""
    named = {"tenant": tenant, "sender": sender, "owner": owner, "lease_s": lease_s}
    row = (await session.execute(_hold, named)).one_or_none()
    return None if row is None else Line(row.fence, row.halted_s, row.half_open)


async def leave_line(session: Session, tenant: UUID, sender: UUID, owner: str, fence: int) -> None:
    """Let the next worker take the line at once."""
    await session.execute(_leave, {"tenant": tenant, "sender": sender, "owner": owner, "fence": fence})


async def close_breaker(session: Session, tenant: UUID, sender: UUID) -> None:
    """WhatsApp took a message of a line that was half open: it speaks as before. What was halted anew stays."""
    await session.execute(_close, {"tenant": tenant, "sender": sender})
