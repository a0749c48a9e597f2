"""Read what was kept: take webhooks, sort what they say by tenant, hand it on, and drop what is done.

Everything here may happen twice, and in any order. Rows leave the queue only after all that could be read in them is
committed. A crash costs a lease; a look that ends in any other way lays back what it holds. Then the rows are read
again and change nothing that was done already.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.dispatch.consequences import Refused, draw_consequences
from app.dispatch.flow.settle import News
from app.dispatch.flow.settle import settle as settle_statuses
from app.inbound.converse import converse
from app.inbound.follow import Change, follow
from app.inbound.hear import hear
from app.inbound.learn import learn
from app.inbound.meet import Spoken
from app.inbound.queries import find_owners
from app.inbound.receive import where_raw
from app.inbound.reply import reply_owed
from app.inbound.sort import Alias, Told, sort_updates
from app.inbound.take import Taken, give_back, lay_back, take_pending
from app.inbound.withdraw_stopped import withdraw_stopped
from app.kit.crypto import Unsealable, unseal
from app.kit.db import is_away
from app.kit.metrics import metrics
from app.kit.tasks import hear_out
from app.runtime import Runtime
from app.tenants.keys import get_tenant_keys
from app.whatsapp.envelope import UnreadableUpdate
from app.whatsapp.parse import parse

log = structlog.get_logger()

LONGEST_S = 15.0  # then what is under way is the last, and the next bell or look goes on
LAY_BACK_WAITS_S = (0.1, 0.4, 1.0, 2.0, 4.0)  # a database that restarts is back after some seconds
LAY_BACK_S = 10.0  # for all tries together: a worker that ends waits for them
HOPEFUL_TRIES = 5
BREATH_BYTES = 64 * 1024  # a look at the sockets for every small body cost more than reading it
SET_ROWS = 1_000  # statuses settled in one transaction
FAILED = (SQLAlchemyError, OSError, TimeoutError, LookupError, Unsealable)

_updates = metrics.counter("inbound_updates", "Updates read from webhooks, also repeated ones.", ["kind"])


@dataclass(slots=True)
class Share:
    """What some webhooks say to one tenant, and which webhooks those are."""

    raws: set[UUID] = field(default_factory=set)
    news: list[News] = field(default_factory=list)
    spoken: list[Spoken] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    names: set[tuple[Alias, ...]] = field(default_factory=set)


async def settle_pending(run: Runtime, limit: int) -> int:
    """Read kept webhooks, `limit` at a time, until none is left or 15 s are over. How many were done with.

    What fails is logged and tried again, later each time, without the company of others. However it ends, it lays back
    what it did not get to. Raises what the database raises when it is away, and what nobody expected.
    """
    ends = time.monotonic() + LONGEST_S
    replying: list[asyncio.Task[None]] = []
    held: dict[UUID, Taken] = {}
    begun: set[UUID] = set()
    innocent = True
    done = 0
    try:
        while time.monotonic() < ends and (page := await hear_out(take_pending(run, limit, held))):
            begun = set()
            await asyncio.sleep(0)  # where a cancellation shows that came while the page was taken
            for group in _groups(page):
                begun = {one.id for one in group}
                settled, spoke = await _settle_group(run, group)
                for id_ in begun:
                    del held[id_]
                done += settled
                if spoke:
                    replying.append(asyncio.create_task(reply_owed(run)))
                if time.monotonic() > ends:  # webhooks that come alone are up to a page of groups
                    break
        replying.append(asyncio.create_task(reply_owed(run)))  # also what an earlier look, or a decision, left owed
    except Exception as error:
        innocent = is_away(error)
        raise
    finally:
        if held:  # told to end, failed, or out of time: whoever comes next need not wait for a lease
            await hear_out(_lay_back(run, held.values(), begun, innocent=innocent))
        if replying:
            await hear_out(asyncio.wait(replying))  # each of them ends by itself within 20 s
    return done


async def _lay_back(run: Runtime, held: Collection[Taken], begun: Collection[UUID], *, innocent: bool) -> None:
    """Try for some seconds: the database may be away for a moment only, and a STOP may be among these."""
    try:
        async with asyncio.timeout(LAY_BACK_S):
            for wait_s in LAY_BACK_WAITS_S:
                try:
                    await lay_back(run, held, begun, innocent=innocent)
                except FAILED:
                    await asyncio.sleep(wait_s)
                else:
                    return
            await lay_back(run, held, begun, innocent=innocent)
    except FAILED as error:
        log.warning("inbound.not_laid_back", size=len(held), error=type(error).__name__)  # their lease ends by itself


def _groups(page: Sequence[Taken]) -> list[list[Taken]]:
    """Together the first time; alone after that, so that one that cannot be settled holds up nobody but itself."""
    first = [one for one in page if one.tries == 1]
    return [first, *([one] for one in page if one.tries > 1)] if first else [[one] for one in page]


async def _settle_group(run: Runtime, group: Sequence[Taken]) -> tuple[int, bool]:
    """How many were done with, and whether anybody spoke."""
    told, failed = await _read(run, group)
    spoke = False
    for tenant, share in (await _share_out(run, told)).items():
        try:
            await _tell(run, tenant, share)
        except FAILED as error:
            if is_away(error):
                raise  # nothing of it is at fault
            # The first times it heals itself, as when an import holds the rows; then somebody must look.
            write = log.warning if group[0].tries < HOPEFUL_TRIES else log.error
            write("inbound.not_settled", tenant_id=str(tenant), size=len(share.raws), error=type(error).__name__)
            failed |= share.raws
        spoke |= bool(share.spoken)
    done = {one.id for one in group} - failed
    await give_back(run, done, failed)
    return len(done), spoke


async def _read(run: Runtime, group: Sequence[Taken]) -> tuple[list[tuple[UUID, dict[str, Told]]], set[UUID]]:
    """What each webhook says, and those that do not open: the master key may be another, so they are kept."""
    key = run.master.subkey("webhook-raw")
    ignored: Counter[str] = Counter()
    told: list[tuple[UUID, dict[str, Told]]] = []
    sealed: set[UUID] = set()
    read = 0
    for one in group:
        try:
            told.append((one.id, _read_one(key, one, ignored)))
        except Unsealable:
            log.error("inbound.unsealable", raw_id=str(one.id))
            sealed.add(one.id)
        read += len(one.body_ct or b"")
        if read >= BREATH_BYTES:  # milliseconds of work; others on this loop want to post
            read = 0
            await asyncio.sleep(0)
    for kind, count in ignored.items():
        _updates.labels(kind).inc(count)
    if ignored:
        log.info("inbound.ignored", **ignored)
    return told, sealed


def _read_one(key: bytes, one: Taken, ignored: Counter[str]) -> dict[str, Told]:
    if one.body_ct is None:
        log.error("inbound.raw_gone", raw_id=str(one.id))
        return {}
    body = unseal(key, one.body_ct, where_raw(one.id))
    try:
        return sort_updates(parse(body, received_at=one.received_at), ignored)
    except UnreadableUpdate:
        # Signed, so it is Meta's, but nothing that we can read. The raw body stays for a human.
        log.error("inbound.unreadable", raw_id=str(one.id), size=len(body))
        return {}


async def _share_out(run: Runtime, told: Iterable[tuple[UUID, dict[str, Told]]]) -> dict[UUID, Share]:
    """By tenant. A number that is nobody's here is logged and dropped; the raw body stays."""
    told = list(told)
    numbers = {number for _, by_number in told for number in by_number}
    owners = await find_owners(run, numbers) if numbers else {}
    shares: dict[UUID, Share] = {}
    for raw_id, by_number in told:
        for number, one in by_number.items():
            owner = owners.get(number)
            if owner is None:
                spoken = len(one.heard) + len(one.changed)
                log.warning("inbound.unknown_number", raw_id=str(raw_id), statuses=len(one.news), spoken=spoken)
                continue
            share = shares.setdefault(owner.tenant, Share())
            share.raws.add(raw_id)
            share.news += one.news
            share.spoken += (Spoken(owner.sender_id, heard) for heard in one.heard)
            share.changes += (Change(owner.sender_id, changed) for changed in one.changed)
            share.names |= one.names
    return shares


async def _tell(run: Runtime, tenant: UUID, share: Share) -> None:
    """People first: a STOP waits for nothing. Then the statuses in sets, what a STOP withdraws, and conversations."""
    spoken = await hear(run, tenant, share.spoken) if share.spoken else []
    if share.changes:
        await follow(run, tenant, share.changes)
    refused = [Refused(one.message, one.meta_code, one.provider_at) for one in share.news if one.meta_code is not None]
    await draw_consequences(run, tenant, refused)
    fresh = parked = resolved = 0
    for start in range(0, len(share.news), SET_ROWS):
        async with run.db.begin(tenant) as session:
            keys = await get_tenant_keys(run, session, tenant)
            settled = await settle_statuses(session, tenant, keys, share.news[start : start + SET_ROWS])
        fresh, parked, resolved = fresh + settled.fresh, parked + settled.parked, resolved + settled.resolved
    stops = [one for one in spoken if one.heard.wish == "stop" and one.heard.keyword]
    if stops:
        await withdraw_stopped(run, tenant, stops)
    await converse(run, tenant, spoken)
    if share.names:
        await learn(run, tenant, share.names)
    _updates.labels("status").inc(len(share.news))
    _updates.labels("spoken").inc(len(share.spoken))
    log.info(
        "inbound.settled",
        tenant_id=str(tenant),
        webhooks=len(share.raws),
        statuses=len(share.news),
        fresh=fresh,
        parked=parked,
        resolved=resolved,
        spoken=len(share.spoken),
    )
