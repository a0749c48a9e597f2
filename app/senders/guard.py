"""May this database send at all? One that was restored has forgotten what it sent and who took back what.

PostgreSQL tells a restored database from the one it was (`database_identity_v1`): another cluster, a new timeline after
a recovery or a promotion, another database, a dump loaded again. A disk that was set back keeps all of these; that is
noticed by the hint beside the bells, which remembers the last look. What none of them sees, the operator says
(`toplu restore-guard on`). The claims ask `sending_allowed_v1` themselves, so the looks only make it known.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import text

from app.kit.db import Session
from app.kit.sql import sql_beside
from app.runtime import Runtime

log = structlog.get_logger()

LOOK_S = 5.0
SAY_AGAIN = 12  # looks: once a minute
HINT_DAYS = 400
EPOCH = datetime.fromtimestamp(0, UTC)
MICROSECOND = timedelta(microseconds=1)

_look = sql_beside(__file__, "look")
# What is remembered outside must be on disk inside, or a crash would look like a restore where commits are lax.
_durable = text("SET LOCAL synchronous_commit = on")
_state = text(
    "SELECT g.epoch, g.installation, g.seen_at, g.quarantined_at, g.reason,"
    " EXISTS (SELECT FROM sending_allowed_v1) AS allowed FROM restore_guard AS g"
)
_allowed = text("SELECT EXISTS (SELECT FROM sending_allowed_v1)")
_quarantine = text(
    "UPDATE restore_guard SET quarantined_at = clock_timestamp(), reason = 'operator' WHERE quarantined_at IS NULL"
)
_fence_off = text(
    "UPDATE sender_lines SET owner = NULL, lease_until = '-infinity', fence = fence + 1000000 WHERE tenant_id = :tenant"
)
_note_release = text(
    "INSERT INTO restore_releases (epoch, quarantined_at, reason, forgotten_since, uncertain, released_by,"
    " nothing_was_sent) SELECT epoch, quarantined_at, reason, seen_at, :uncertain, :released_by, :nothing_was_sent"
    " FROM restore_guard WHERE quarantined_at IS NOT NULL AND epoch = :epoch RETURNING epoch"
)
_release = text(
    "UPDATE restore_guard SET epoch = epoch + 1, installation = gen_random_uuid(), seen_at = clock_timestamp(),"
    " quarantined_at = NULL, reason = NULL, system_identifier = i.system_identifier, timeline = i.timeline,"
    " database_oid = i.database_oid, table_oid = i.table_oid FROM database_identity_v1 AS i"
)


@dataclass(frozen=True, slots=True)
class Guarded:
    """What the guard knows. `seen_at`: the last moment that a worker saw the database whole.

    `allowed` is what claims go by: false at once after a restore, `quarantined_at` follows at the next look.
    """

    epoch: int
    installation: UUID | None
    seen_at: datetime | None
    quarantined_at: datetime | None
    reason: str | None
    allowed: bool


@dataclass(slots=True)
class Guard:
    """One worker's looks. `quarantined` is how the last one ended."""

    run: Runtime
    quarantined: bool = False
    _looks: int = field(default=0)

    async def look(self) -> None:
        """Look once; say so loudly, and again every minute, when this database must not send."""
        before = await find_guarded(self.run)
        hint = None if before.installation is None else await self._recall(before.installation)
        named = {"installation": before.installation, "known_at": hint}
        async with self.run.db.begin() as session:
            await session.execute(_durable)
            row = (await session.execute(_look, named)).one()
        self.quarantined = row.quarantined_at is not None
        if not self.quarantined:
            self._looks = 0
            moment = (row.seen_at - EPOCH) // MICROSECOND
            await self.run.bells.remember(_name(row.installation), str(moment), days=HINT_DAYS)
            return
        if self._looks % SAY_AGAIN == 0:
            log.error("senders.quarantined", reason=row.reason, since=row.quarantined_at.isoformat(), epoch=row.epoch)
        self._looks += 1

    async def _recall(self, installation: UUID) -> datetime | None:
        """The last look that is remembered beside the bells; what is no moment there is nothing."""
        kept = await self.run.bells.recall(_name(installation))
        if kept is None or not kept.isdigit() or len(kept) > 16:
            return None
        return EPOCH + int(kept) * MICROSECOND


def _name(installation: UUID) -> str:
    return f"toplu:seen:{installation}"


async def find_guarded(run: Runtime) -> Guarded:
    """What the guard says now; changes nothing."""
    async with run.db.begin() as session:
        row = (await session.execute(_state)).one()
    return Guarded(row.epoch, row.installation, row.seen_at, row.quarantined_at, row.reason, row.allowed)


async def is_allowed(session: Session) -> bool:
    """What claims go by: whether this database may send."""
    allowed: bool = (await session.execute(_allowed)).scalar_one()
    return allowed


async def quarantine(run: Runtime) -> None:
    """Nothing may leave this database from now on: the operator says so. A page that is claimed is still posted."""
    async with run.db.begin() as session:
        await session.execute(_quarantine)


async def fence_off(session: Session, tenant: UUID) -> None:
    """Take the tenant's lines from whoever held them before, with fences that nobody then can have had."""
    await session.execute(_fence_off, {"tenant": tenant})


async def release(session: Session, epoch: int, *, uncertain: int, released_by: str, nothing_was_sent: bool) -> bool:
    """End the quarantine of this epoch: this database is the one from now on. False: somebody else ended it."""
    named = {"epoch": epoch, "uncertain": uncertain, "released_by": released_by, "nothing_was_sent": nothing_was_sent}
    if (await session.execute(_note_release, named)).one_or_none() is None:
        return False
    await session.execute(_release)
    return True
