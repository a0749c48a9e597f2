"""Hold a sender's line: a lease in the database, with a fence that outlives the holder."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.sql import sql_beside

_hold = sql_beside(__file__)
_leave = text(
    "UPDATE sender_lines SET lease_until = '-infinity', rate = :rate, rate_at = clock_timestamp(),"
    " next_slot_at = clock_timestamp() + make_interval(secs => :ahead_s)"
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
    `rate` (None: nobody ever drained it) was its speed `rate_age_s` seconds ago; slots are taken for `ahead_s` seconds.
    """

    fence: int
    halted_s: float
    half_open: bool
    rate: float | None = None
    rate_age_s: float = 0.0
    ahead_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """How fast a drainer speaks now, in messages per second, and for how many seconds ahead its slots are taken."""

    rate: float
    ahead_s: float


async def hold_line(
    session: Session, tenant: UUID, sender: UUID, owner: str, *, lease_s: float, spoken: Spoken | None = None
) -> Line | None:
    """Take the line for `lease_s` seconds, or keep it and write down how fast we speak (`spoken`).

    None: another worker holds it.
    """
    named = {
        "tenant": tenant,
        "sender": sender,
        "owner": owner,
        "lease_s": lease_s,
        "rate": spoken and spoken.rate,
        "ahead_s": spoken.ahead_s if spoken else 0.0,
    }
    row = (await session.execute(_hold, named)).one_or_none()
    if row is None:
        return None
    return Line(row.fence, row.halted_s, row.half_open, row.rate, row.rate_age_s, row.ahead_s)


async def leave_line(session: Session, tenant: UUID, sender: UUID, owner: str, *, fence: int, spoken: Spoken) -> None:
    """Let the next worker take the line at once, and know how fast we spoke."""
    named = {"tenant": tenant, "sender": sender, "owner": owner, "fence": fence}
    await session.execute(_leave, named | {"rate": spoken.rate, "ahead_s": spoken.ahead_s})


async def close_breaker(session: Session, tenant: UUID, sender: UUID) -> None:
    """WhatsApp took a message of a line that was half open: it speaks as before. What was halted anew stays."""
    await session.execute(_close, {"tenant": tenant, "sender": sender})
