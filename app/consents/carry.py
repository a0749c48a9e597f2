"""Carry over: what one person agreed to, refused and stopped counts for another from now on."""

from uuid import UUID

from app.kit.db import Session
from app.kit.sql import sql_beside

_states = sql_beside(__file__)
_suppressions = sql_beside(__file__, "suppressions")


async def carry(session: Session, tenant: UUID, *, gone: UUID, into: UUID, opening: bool) -> None:
    """Append to the ledger of `into` what stands of `gone`, each line naming the act it comes from, and fold it.

    The act that restricts more counts, from the later of both times: what either of them refused, withdrew or stopped
    stays so for the one they are now, until they say otherwise after that. So it does not matter in which order several
    people are found to be one. Without `opening` only what restricts is carried. The caller holds both.
    """
    named = {"tenant": tenant, "gone": gone, "into": into}
    await session.execute(_states, named | {"opening": opening})
    await session.execute(_suppressions, named)
