"""A worker takes a page of one batch; the gate is asked again, in the transaction that claims.

Two statements, never one: the first locks, the second decides with a snapshot taken under the lock. A withdrawal that
committed before the lock is therefore always seen, and one that comes later waits until the claim has committed.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.dispatch.held import Hold, Leased
from app.kit.db import Session
from app.kit.sql import sql_beside

_lock = sql_beside(__file__, "lock")
_move = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Page:
    """A claimed page. `seen` counts every row taken: a whole page can be refused while the line is not empty."""

    seen: int
    leased: list[Leased]


async def lease(session: Session, hold: Hold, batch: UUID, *, size: int, lease_s: float, expires_at: datetime) -> Page:
    """Claim up to `size` queued messages of a batch for posting within `lease_s` seconds.

    Nothing is seen when the line is no longer held, or nothing is due, or all of it is locked by somebody else.
    """
    named = {
        "tenant": hold.tenant,
        "sender": hold.sender,
        "batch": batch,
        "owner": hold.owner,
        "fence": hold.fence,
    }
    ids = list((await session.execute(_lock, named | {"size": size})).scalars())
    if not ids:
        return Page(0, [])
    rows = await session.execute(
        _move,
        {
            "tenant": hold.tenant,
            "ids": ids,
            "fence": hold.fence,
            "lease_s": lease_s,
            "expires_at": expires_at,
        },
    )
    return Page(
        len(ids),
        [
            Leased(row.id, row.attempts, row.person_id, row.kind, row.value_ct, row.variables_ct, row.key_salt)
            for row in rows
        ],
    )
