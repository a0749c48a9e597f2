"""The lines a worker process drains, and the tasks that look for work without being rung.

A bell only wakes; whether there is work stands in PostgreSQL. With polling off the bells alone are enough, with Valkey
down polling alone is.
"""

import asyncio
import math
import os
import socket
import time
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy import text

from app.dispatch.keep import LOST
from app.dispatch.line import Drain
from app.dispatch.pacing.number import Pace
from app.dispatch.sweep import sweep
from app.kit.db import is_away
from app.kit.ids import encode
from app.runtime import Runtime
from app.senders.budget import forget_people
from app.senders.guard import Guard
from app.senders.queries import find_sender
from app.senders.token import open_token
from app.tenants.keys import get_tenant_keys
from app.tenants.remember import forget_old

log = structlog.get_logger()

_due = text("SELECT sender_id, tenant_id FROM due_senders_v1()")
_sweepable = text("SELECT tenant_id FROM sweepable_tenants_v1()")
_held = text("SELECT worker_id, n FROM lines_held_v1()")
_partitions = text("SELECT ensure_partitions(3)")
_missing = text("SELECT table_name, month FROM missing_partitions_v1")
_beat = text(
    "INSERT INTO heartbeats (worker_id) VALUES (:worker)"
    " ON CONFLICT (worker_id) DO UPDATE SET seen_at = clock_timestamp()"
)
_forget = text("DELETE FROM heartbeats WHERE worker_id = :worker OR seen_at < clock_timestamp() - interval '1 day'")

SWEEP_S = 2.0
BEAT_S = 5.0
SHARE_S = 2.0
KEEP_S = 60.0
LOOKS_GIVEN = 3  # so many looks do the others have to take a line that was given


@dataclass(slots=True)
class Lines:
    """Every line this process drains now."""

    run: Runtime
    owner: str = field(default_factory=lambda: f"{socket.gethostname()}:{os.getpid()}:{time.time_ns()}")
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    guard: Guard = field(init=False)
    _drains: dict[UUID, asyncio.Task[None]] = field(default_factory=dict)
    _working: dict[UUID, Drain] = field(default_factory=dict)
    _again: set[UUID] = field(default_factory=set)
    _given: UUID | None = None  # a line that another worker should take; not ours again until `_given_until`
    _given_until: float = 0.0
    _share_after: float = 0.0

    def __post_init__(self) -> None:
        self.guard = Guard(self.run)

    def wake(self, sender: UUID, tenant: UUID) -> None:
        """Drain this line, if nobody in this process does already."""
        if self.stopping.is_set() or self.guard.quarantined:
            return
        if sender in self._drains:
            self._again.add(sender)  # it may just have found the line empty
            return
        if sender == self._given:
            if time.monotonic() < self._given_until:
                return
            self._keep_given(time.monotonic())  # nobody took it
        task = asyncio.create_task(self._drain(sender, tenant), name=f"drain:{sender}")
        self._drains[sender] = task
        task.add_done_callback(lambda _: self._ended(sender, tenant))

    async def wake_due(self, only: UUID | None = None) -> None:
        """Ask the database which lines have work, and drain them (or only the one that was rung for)."""
        async with self.run.db.begin() as session:
            found = (await session.execute(_due)).all()
        for row in found:
            if only is None or row.sender_id == only:
                self.wake(row.sender_id, row.tenant_id)

    async def ring(self, sender: UUID) -> None:
        """A bell: look at this line, also when we are just about to leave it."""
        if sender in self._drains:
            self._again.add(sender)
        else:
            await self.wake_due(sender)

    async def share(self) -> None:
        """Give a line to another worker that drains at least two less, or the first that starts would keep them all.

        One at a time, only where workers look by themselves every two seconds or more often (nobody is rung), and not
        again for a minute after one that nobody took or that could not be left soon.
        """
        now = time.monotonic()
        if self._given is not None:
            drain = self._working.get(self._given)
            if drain is not None and drain.give_by is None:
                self._keep_given(now)
            elif now >= self._given_until:
                self._given = None  # somebody took it, or it is empty
        looks = 0 < self.run.settings.poll_s <= SHARE_S
        if self.stopping.is_set() or self._given is not None or now < self._share_after or not looks:
            return
        if len(self._working) < 2 or not await self._has_two_more():
            return
        could = {sender: drain for sender, drain in self._working.items() if not drain.breaker.listens}
        if not could:
            return
        self._given, drain = could.popitem()
        self._given_until = math.inf  # until it is left
        drain.give_away()
        log.info("dispatch.line_given", sender_id=encode("snd", self._given), lines=len(self._working))

    async def stop(self) -> None:
        """Stop claiming, let every POST end, write down every answer. Nothing becomes uncertain by this."""
        self.stopping.set()
        try:
            async with self.run.db.begin() as session:  # first: nobody shall give a line to a worker that ends
                await session.execute(_forget, {"worker": self.owner})
        except LOST as error:
            log.warning("dispatch.heartbeat_left", error=type(error).__name__)  # it grows old by itself
        finally:
            while self._drains:
                await asyncio.wait(list(self._drains.values()))
                await asyncio.sleep(0)

    async def beat(self) -> None:
        """Say that this worker lives, and takes lines."""
        if self.stopping.is_set():
            return
        async with self.run.db.begin() as session:
            await session.execute(_beat, {"worker": self.owner})

    async def sweep_all(self) -> None:
        """Apply the sweep's rules to every tenant that has something open.

        Not in a quarantined database: what looks overdue there may have been sent long ago.
        """
        if self.guard.quarantined:
            return
        async with self.run.db.begin() as session:
            tenants = list((await session.execute(_sweepable)).scalars())
        for tenant in tenants:
            try:
                await self._sweep_one(tenant)
            except Exception as error:  # a door: one tenant's trouble must not hold up those behind it
                log.error(
                    "dispatch.sweep_failed",
                    tenant_id=str(tenant),
                    error=type(error).__name__,
                    exc_info=not is_away(error),
                )

    async def _sweep_one(self, tenant: UUID) -> None:
        async with self.run.db.begin(tenant) as session:
            await forget_old(session, tenant)
        swept = await sweep(self.run.db, tenant)
        for sender in swept.senders:
            self.wake(sender, tenant)

    async def make_partitions(self) -> None:
        """Months ahead get their partitions before the first row of that month comes.

        A month that cannot get its own any more is said: its rows work, but are not dropped by the month.
        """
        async with self.run.db.begin() as session:
            await session.execute(_partitions)
            missing = (await session.execute(_missing)).all()
        for row in missing:
            log.error("dispatch.partition_missing", table=row.table_name, month=row.month)

    async def _has_two_more(self) -> bool:
        async with self.run.db.begin() as session:
            held: dict[str, int] = {row.worker_id: row.n for row in await session.execute(_held)}
        mine = held.pop(self.owner, 0)
        return bool(held) and mine >= min(held.values()) + 2

    def _keep_given(self, now: float) -> None:
        self._given, self._share_after = None, now + KEEP_S

    def _ended(self, sender: UUID, tenant: UUID) -> None:
        self._drains.pop(sender, None)
        if sender == self._given:
            self._given_until = time.monotonic() + LOOKS_GIVEN * self.run.settings.poll_s
        if sender in self._again:
            self._again.discard(sender)
            self.wake(sender, tenant)

    async def _drain(self, sender: UUID, tenant: UUID) -> None:
        try:
            drain = await self._open(sender, tenant)
            if drain is not None:
                self._working[sender] = drain
                await drain.run_until_empty()
        except Exception as error:  # a door: one line's trouble must not end the others; the poll tries again
            log.error(
                "dispatch.drain_failed",
                sender_id=encode("snd", sender),
                error=type(error).__name__,
                exc_info=not is_away(error),
            )
            self._again.discard(sender)
        finally:
            self._working.pop(sender, None)

    async def _open(self, sender_id: UUID, tenant: UUID) -> Drain | None:
        async with self.run.db.begin(tenant) as session:
            sender = await find_sender(session, tenant, sender_id)
            if sender is not None and sender.limited:
                await forget_people(session, tenant, sender.portfolio_id)
            keys = await get_tenant_keys(self.run, session, tenant)
        if sender is None or sender.state != "active":
            return None
        return Drain(
            run=self.run,
            tenant=tenant,
            sender=sender_id,
            owner=self.owner,
            keys=keys,
            stopping=self.stopping,
            pace=Pace(float(sender.messages_per_second), time.monotonic()),
            phone_number_id=sender.phone_number_id,
            sender_version=sender.version,
            portfolio=sender.portfolio_id if sender.limited else None,
            sharing=lambda: len(self._drains),
            token=open_token(self.run, sender.token_ct, sender_id),
        )
