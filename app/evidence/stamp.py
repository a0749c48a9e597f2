"""The seam for somebody outside to say when: an RFC 3161 time-stamp, or a copy kept elsewhere.

The chain proves order and content; that a checkpoint existed at a certain time, and that nobody wrote everything anew
since, only somebody outside can say. Who that is comes with a package of yours: it names a class that can be called
without arguments under the entry point group `toplu.stamp`, and is installed beside Toplu. A worker asks it for the
newest checkpoint, outside of any transaction, and keeps what it says.
"""

import asyncio
from hashlib import sha256
from importlib.metadata import entry_points
from typing import Protocol
from uuid import UUID

from sqlalchemy import insert, text

from app.evidence.models import checkpoint_stamps
from app.runtime import Runtime

GROUP = "toplu.stamp"
PATIENCE_S = 30.0

_due = text(
    "SELECT c.id, c.note FROM checkpoints AS c WHERE c.tenant_id = :tenant"
    " AND NOT EXISTS (SELECT FROM checkpoint_stamps AS s WHERE s.tenant_id = :tenant"
    " AND (s.checkpoint_id = c.id OR s.at > clock_timestamp() - make_interval(secs => :every_s)))"
    " ORDER BY c.size DESC LIMIT 1"
)


class Stamp(Protocol):
    """Somebody who vouches for the moment."""

    every_s: float
    """At most one stamp of a tenant's chain in this time: 86,400 is one a day."""

    async def stamp(self, digest: bytes) -> bytes | None:
        """A token over SHA-256 of the signed note, or None when there is none now. Has 30 seconds."""


class NoSuchStamp(Exception):
    """Several packages want to stamp: install one of them."""


def find_stamp() -> Stamp | None:
    """Whoever is installed for it; None is the default. Raises NoSuchStamp, and whatever a broken package raises."""
    found = list(entry_points(group=GROUP))
    if len(found) > 1:
        raise NoSuchStamp
    made: Stamp | None = found[0].load()() if found else None
    return made


async def stamp_when_due(run: Runtime, tenant: UUID, stamp: Stamp) -> bool:
    """Have the newest checkpoint stamped, if it is time. Whether it was. Raises what the stamp raises."""
    async with run.db.begin(tenant) as session:
        due = (await session.execute(_due, {"tenant": tenant, "every_s": stamp.every_s})).one_or_none()
    if due is None:
        return False
    async with asyncio.timeout(PATIENCE_S):
        token = await stamp.stamp(sha256(due.note.encode()).digest())
    if token is None:
        return False
    async with run.db.begin(tenant) as session:
        row = {"checkpoint_id": due.id, "tenant_id": tenant, "stamp": token}
        await session.execute(insert(checkpoint_stamps).values(row | {"at": text("clock_timestamp()")}))
    return True
