"""Deal with a database that was restored: what it may have forgotten, and the end of its quarantine."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.audit.record import record
from app.cli.errors import Stop
from app.dispatch.doubt import PAGE, count_doubtful, doubt
from app.inbound.doubt_replies import doubt_replies
from app.kit.clock import utc_now
from app.runtime import Runtime, open_runtime
from app.senders import guard
from app.senders.guard import Guard, Guarded
from app.settings import Settings
from app.tenants.queries import list_every_tenant

REASONS = {
    "another_cluster": "this is another PostgreSQL cluster than before: a dump, a copy, or an upgrade by pg_upgrade",
    "another_timeline": "PostgreSQL began a new timeline: a recovery to a point in time, or a standby was promoted",
    "another_database": "this is another database of the cluster than before: a copy, or made anew",
    "loaded_again": "a dump was loaded into this database",
    "went_back": "a worker had seen a later state of this database: its disk was set back",
    "operator": "an operator said so",
    None: "it was restored and no worker has looked since",
}


@dataclass(frozen=True, slots=True)
class Status:
    """What the guard says, and how many messages may have been sent without this database knowing."""

    guarded: Guarded
    doubtful: int


@dataclass(frozen=True, slots=True)
class Assurance:
    """What the operator answers for: who, that withdrawals are in, and perhaps that nothing was sent meanwhile."""

    by: str
    withdrawals_entered: bool
    nothing_was_sent: bool


async def find_status(settings: Settings) -> Status:
    """Look; changes nothing."""
    async with open_runtime(settings, "worker") as run:
        guarded = await guard.find_guarded(run)
        doubtful = 0
        if not guarded.allowed:
            for tenant in await list_every_tenant(run.db):
                async with run.db.begin(tenant) as session:
                    doubtful += await count_doubtful(session, tenant, guarded.quarantined_at or utc_now())
        return Status(guarded, doubtful)


async def turn_on(settings: Settings) -> None:
    """Quarantine this database: the operator knows of a restore that nothing else notices."""
    async with open_runtime(settings, "worker") as run:
        await guard.quarantine(run)


async def release(settings: Settings, assured: Assurance) -> int:
    """Deal with what may have been forgotten, tenant by tenant, then let this database send. How many are uncertain.

    May be cut anywhere and run again. Raises Stop when nothing is quarantined, or something is not answered for.
    """
    _check(assured)
    async with open_runtime(settings, "worker") as run:
        await Guard(run).look()
        guarded = await guard.find_guarded(run)
        if guarded.quarantined_at is None:
            raise Stop("Nothing is quarantined: this database may send.")
        uncertain = 0
        for tenant in await list_every_tenant(run.db):
            uncertain += await _deal_with(run, tenant, guarded.epoch, guarded.quarantined_at, assured)
        async with run.db.begin() as session:
            done = await guard.release(
                session,
                guarded.epoch,
                uncertain=uncertain,
                released_by=assured.by,
                nothing_was_sent=assured.nothing_was_sent,
            )
        if not done:
            raise Stop("Somebody else has just ended this quarantine.")
        return uncertain


def _check(assured: Assurance) -> None:
    if not assured.by.strip():
        raise Stop("--by names who answers for this; it is written into every tenant's audit.")
    if not assured.withdrawals_entered:
        raise Stop(
            "Withdrawals and objections of the forgotten time are gone from this database. Record them again first"
            " (`toplu restore-guard status` says since when), then say --withdrawals-entered."
        )


async def _deal_with(run: Runtime, tenant: UUID, epoch: int, noticed_at: datetime, assured: Assurance) -> int:
    """One tenant's queue, lines and audit; a page of messages for each transaction, the audit with the last one."""
    uncertain = 0
    while True:
        async with run.db.begin(tenant) as session:
            page = 0 if assured.nothing_was_sent else await doubt(session, tenant, noticed_at)
            uncertain += page
            if page == PAGE:
                continue
            replies = 0 if assured.nothing_was_sent else await doubt_replies(session, tenant, noticed_at)
            await guard.fence_off(session, tenant)
            await record(
                session,
                tenant,
                action="restore.dealt_with",
                actor="toplu restore-guard release",
                detail={
                    "released_by": assured.by,
                    "epoch": epoch,
                    "uncertain_messages": uncertain,
                    "uncertain_replies": replies,
                    "nothing_was_sent": assured.nothing_was_sent,
                },
            )
            return uncertain


def show_status(status: Status) -> list[str]:
    """What to know, and what to do next."""
    guarded = status.guarded
    seen = f"{guarded.seen_at:%Y-%m-%d %H:%M:%S %Z}" if guarded.seen_at else "never"
    if guarded.allowed:
        return [f"ok    epoch {guarded.epoch}: this database may send; last seen whole: {seen}"]
    noticed = f"{guarded.quarantined_at:%Y-%m-%d %H:%M:%S %Z}" if guarded.quarantined_at else "not yet by a worker"
    return [
        f"QUARANTINED  nothing leaves this database: {REASONS[guarded.reason]}",
        f"forgotten    from {seen} (last seen whole by a worker) until it was restored; noticed {noticed}",
        f"messages     {status.doubtful} may have been sent in that time; `release` makes them uncertain",
        "withdrawals  those of that time are gone: record them again (withdrawals, suppressions, objections, imports)",
        "then         toplu restore-guard release --by 'who answers for it' --withdrawals-entered",
    ]
