"""A claim that was committed, and nobody heard so: its messages go back to the queue, for none of them was posted.

Only whoever claimed can know that. A drain that has written down an answer for every message it was handed knows that
whatever still is `sending` under its fence was handed to nobody; a fence belongs to one drain and is never used again.
"""

from sqlalchemy import text

from app.dispatch.flow.record import Verdict, record
from app.dispatch.held import Hold
from app.dispatch.states import State
from app.kit.db import Session
from app.runtime import TenantKeys

_unseen = text(
    "SELECT id FROM dispatch WHERE tenant_id = :tenant AND sender_id = :sender AND state = 'sending' AND fence = :fence"
)


async def give_back(session: Session, hold: Hold, keys: TenantKeys) -> int:
    """Put what was claimed under this fence, and has no answer, back in the queue; it was no attempt. How many."""
    named = {"tenant": hold.tenant, "sender": hold.sender, "fence": hold.fence}
    unseen = (await session.execute(_unseen, named)).scalars()
    verdicts = [Verdict(id_, State.QUEUED, reason="claim_unheard", burnt=0) for id_ in unseen]
    return await record(session, hold, keys, verdicts)
