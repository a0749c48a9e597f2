"""Drain one sender's line: lease, post, record, again. One drainer per sender, pages overlap.

The database is open only in `lease` and in the keeper; posting happens between them. Rows are claimed only as the pace
allows, so few are ever `sending`: after a kill -9 those, and only those, become uncertain.
"""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from app.dispatch.finish import finish_batches
from app.dispatch.flow.lease import Page, TimeLevel, lease
from app.dispatch.flow.post import Voice, post
from app.dispatch.flow.record import pair_waits, verdict_of
from app.dispatch.held import Hold, Leased
from app.dispatch.keep import LOST, Keeper
from app.dispatch.pacing.lanes import LANES, Lane, Turns
from app.dispatch.pacing.number import Pace, Trace
from app.dispatch.pacing.pairs import PAIR_LIMIT, Pairs
from app.dispatch.pause import pause_for_template
from app.dispatch.queries import DueBatch, due_batches
from app.kit.db import Session
from app.kit.ids import encode
from app.purposes.contact import read_rules
from app.runtime import Runtime, TenantKeys
from app.senders.budget import Budget, hold_budget
from app.senders.hold import Spoken, halt_line, hold_line, leave_line
from app.whatsapp.outcomes import Deferred, Halted, NotSent, Uncertain
from app.whatsapp.payloads import TemplateForm

log = structlog.get_logger()

IDLE_S = 0.2  # between two looks at an empty line
IDLE_LOOKS = 5  # then the line is left, and a bell or the poll brings somebody back
HALT_S = {"sender": 60.0, "account": 300.0, "credentials": 60.0}  # then one page finds out whether it is over
MOST_SILENT = 20  # posts in a row that nobody answered (or took): stop before a whole batch meets the same
SILENT_HALT_S = 60.0
LONG_S = 60  # a delay of the whole sender that is not worth keeping the line for
MARGIN_S = 15.0  # between the last moment a post may begin and the end of its lease, beside the read timeout


class LineLost(Exception):
    """Another worker holds this line now."""


@dataclass(slots=True)
class Drain:
    """One worker's work on one line. `run_until_empty` is the whole of it; `stopping` makes it end early and clean."""

    run: Runtime
    tenant: UUID
    sender: UUID
    owner: str
    keys: TenantKeys
    stopping: asyncio.Event
    pace: Pace
    phone_number_id: str
    token: str = field(repr=False)
    sender_version: int
    portfolio: str | None  # None: no limit was told, so nothing is counted
    pairs: Pairs = field(default_factory=Pairs)
    turns: Turns = field(default_factory=Turns)
    hold: Hold = field(init=False)
    keeper: Keeper = field(init=False)
    _held_until: float = 0.0
    _halted: bool = False
    _after: dict[Lane, UUID | None] = field(default_factory=lambda: dict.fromkeys(LANES))
    _posts: set[asyncio.Task[None]] = field(default_factory=set)
    _latency_s: float = 0.5
    _silent: int = 0
    _refused: set[UUID] = field(default_factory=set)  # batches whose template WhatsApp refused

    async def run_until_empty(self) -> None:
        """Hold the line and drain it until it stays empty, somebody else holds it, or we must stop."""
        if not await self._keep_line():
            return
        self.keeper = Keeper(self.run, self.tenant, self.keys, self.hold)
        keeping = asyncio.create_task(self.keeper.keep())
        try:
            await self._claim_until_empty()
        except LineLost:
            log.warning("dispatch.line_lost", sender_id=encode("snd", self.sender))
        finally:
            await self._finish_posts()
            await self.keeper.finish(keeping)
            await self._leave()

    async def _claim_until_empty(self) -> None:
        empty = 0
        while not self._over() and empty < IDLE_LOOKS:
            if not await self._keep_line():
                raise LineLost
            now = time.monotonic()
            room = min(self.pace.room(now), self._most_in_flight() - len(self._posts))
            if room <= 0:
                await self._pause(max(self.pace.wait_s(now), 0.005))
                continue
            seen = await self._claim_in_turn(room)
            empty = 0 if seen or self._posts else empty + 1
            if not seen:
                await self._pause(IDLE_S)

    async def _claim_in_turn(self, room: int) -> int:
        """Fill the room: each busy lane its share, then whoever can use what is left, the most urgent first."""
        due = await self._due()
        if any(batch.sender_version != self.sender_version for batches in due.values() for batch in batches):
            self._halted = True  # the token or the pace was changed: whoever drains next reads them anew
            return 0
        dealt = self.turns.deal(room, [lane for lane, batches in due.items() if batches])
        seen = 0
        for lane, share in dealt.items():
            seen += await self._claim_lane(lane, due[lane], share)
        for lane in dealt:
            seen += await self._claim_lane(lane, due[lane], room - seen)
        return seen

    async def _claim_lane(self, lane: Lane, batches: list[DueBatch], room: int) -> int:
        """Claim from the lane's batches one after the other; whoever had less than was asked for is done."""
        seen = 0
        while batches and seen < room and not self._over():
            asked = room - seen
            page = await self._claim(batches[0], asked)
            self._after[lane] = batches[0].id
            seen += page.seen
            if page.seen < asked or page.waits_until is not None:
                batches.pop(0)
        return seen

    async def _due(self) -> dict[Lane, list[DueBatch]]:
        """What is due in each lane, going on after the batch that was served last, and from the beginning again."""
        due: dict[Lane, list[DueBatch]] = {lane: [] for lane in LANES}
        async with self.run.db.begin(self.tenant) as session:
            for batch in await due_batches(session, self.tenant, self.sender, after=self._after):
                due[batch.lane].append(batch)
            around: dict[Lane, UUID | None] = {
                lane: None for lane, after in self._after.items() if after is not None and not due[lane]
            }
            self._after.update(around)
            for batch in await due_batches(session, self.tenant, self.sender, after=around) if around else ():
                due[batch.lane].append(batch)
        return due

    async def _claim(self, batch: DueBatch, room: int) -> Page:
        settings = self.run.settings
        until = time.monotonic() + settings.sending_lease_s - settings.whatsapp_read_timeout_s - MARGIN_S
        async with self.run.db.begin(self.tenant) as session:
            page = await lease(
                session,
                self.hold,
                batch.id,
                size=min(room, settings.page_size),
                lease_s=settings.sending_lease_s,
                expires_at=batch.expires_at,
                time_level=await self._time_level(session, batch),
                budget=await self._budget(session, batch),
            )
        form = TemplateForm(batch.template_name, batch.template_language, batch.variables, named=batch.named)
        voice = Voice(self.phone_number_id, self.token, form)
        for message in page.leased:
            now = time.monotonic()
            if self.pairs.wait_s(message.person_id, now):
                self.keeper.add(pair_waits(message, self.pairs.put_off(message.person_id, now)))
                continue
            self.pairs.take(message.person_id, now)
            slot = self.pace.slot(now)
            task = asyncio.create_task(self._post(batch, voice, message, slot, until))
            self._posts.add(task)
            task.add_done_callback(self._posts.discard)
        if page.waits_until is not None:
            log.info("dispatch.waits", batch_id=encode("bat", batch.id), until=page.waits_until.isoformat())
        elif page.seen:
            log.debug("dispatch.leased", batch_id=encode("bat", batch.id), seen=page.seen, size=len(page.leased))
        return page

    async def _budget(self, session: Session, batch: DueBatch) -> Budget | None:
        if self.portfolio is None:
            return None
        return await hold_budget(session, self.tenant, self.portfolio, marketing=batch.lane == "marketing")

    async def _time_level(self, session: Session, batch: DueBatch) -> TimeLevel | None:
        """What binds this batch in time; read anew for each page, so that a rule that was tightened holds at once."""
        if not batch.quiet_hours and not batch.frequency_cap:
            return None
        rules = await read_rules(session, self.tenant, self.run.settings)
        return TimeLevel(rules.now, rules.in_force.binding(quiet=batch.quiet_hours, capped=batch.frequency_cap))

    async def _post(self, batch: DueBatch, voice: Voice, message: Leased, slot: float, until: float) -> None:
        """Wait for the slot, then post. Between the two a stop still sends nothing; after it, the answer is awaited.

        `until`: a process that was frozen since the claim must not post: its lease may be over, the person may have
        withdrawn, and somebody else may have called the message uncertain.
        """
        await self._pause(slot - time.monotonic())
        if self._over() or batch.id in self._refused or time.monotonic() > until:
            self.pace.give_back()
            self.pairs.give_back(message.person_id)
            self.keeper.add(verdict_of(message, NotSent("draining")))
            return
        began = time.monotonic()
        outcome = await post(self.run.whatsapp, voice, self.keys, message)
        self._latency_s += 0.1 * (time.monotonic() - began - self._latency_s)
        if isinstance(outcome, Deferred) and outcome.code == PAIR_LIMIT:
            self.pairs.refused(message.person_id, time.monotonic(), wait_s=4.0**message.attempts)
        if isinstance(outcome, Deferred) and outcome.scope == "sender":
            self.pace.slow_down(time.monotonic())
            if outcome.retry_in_s >= LONG_S:
                await self._halt(batch, outcome.code, "throttled", float(outcome.retry_in_s))
        self._silent = self._silent + 1 if isinstance(outcome, Uncertain | NotSent) else 0
        if isinstance(outcome, Halted):
            await self._halt(batch, outcome.code, outcome.scope, HALT_S.get(outcome.scope, 0.0))
        elif self._silent >= MOST_SILENT:
            await self._halt(batch, None, "no_answers", SILENT_HALT_S)
        self.keeper.add(verdict_of(message, outcome))

    async def _halt(self, batch: DueBatch, code: int | None, scope: str, seconds: float) -> None:
        """The next message would meet the same: pause what is named, and let the operator see why."""
        if self._halted or batch.id in self._refused:
            return
        if scope == "template":
            self._refused.add(batch.id)
        else:
            self._halted = True
        log.error(
            "dispatch.halted",
            sender_id=encode("snd", self.sender),
            batch_id=encode("bat", batch.id),
            template=batch.template_name,
            code=code,
            scope=scope,
            seconds=seconds,
        )
        try:
            async with self.run.db.begin(self.tenant) as session:
                if scope == "template":
                    await pause_for_template(session, self.tenant, batch.id, code or 0)
                else:
                    await halt_line(session, self.tenant, self.sender, code=code, scope=scope, seconds=seconds)
        except LOST as error:
            log.warning("dispatch.halt_unwritten", error=type(error).__name__)  # the next page meets it again

    def _over(self) -> bool:
        return self.stopping.is_set() or self._halted

    async def _finish_posts(self) -> None:
        """No POST is ever cancelled: bytes may have left. The client's own deadline ends the slowest."""
        while self._posts:
            await asyncio.wait(list(self._posts), timeout=1.0)
            with contextlib.suppress(*LOST):
                await self._keep_line()

    async def _keep_line(self) -> bool:
        """Take the line, or renew it when a third of its lease is over."""
        now = time.monotonic()
        lease_s = self.run.settings.lease_s
        if now < self._held_until - lease_s * 2 / 3:
            return True
        async with self.run.db.begin(self.tenant) as session:
            spoken = self._spoken() if self._held_until else None
            line = await hold_line(session, self.tenant, self.sender, self.owner, lease_s=lease_s, spoken=spoken)
        if line is None:
            return False
        if self._held_until and line.fence != self.hold.fence:
            return False  # it was taken and left again meanwhile: what we claimed carries the old fence
        if not self._held_until and line.rate is not None:
            self.pace.take_over(Trace(line.rate, line.rate_age_s, line.ahead_s), now)
        self.hold = Hold(self.tenant, self.sender, self.owner, line.fence)
        self._held_until = now + lease_s
        self._halted = self._halted or line.halted_s > 0
        return True

    async def _leave(self) -> None:
        try:
            async with self.run.db.begin(self.tenant) as session:
                fence = self.hold.fence
                await leave_line(session, self.tenant, self.sender, self.owner, fence=fence, spoken=self._spoken())
                await finish_batches(session, self.tenant)
        except LOST as error:
            log.warning("dispatch.leave_failed", error=type(error).__name__)  # the lease ends by itself

    def _spoken(self) -> Spoken:
        return Spoken(self.pace.rate, self.pace.ahead_s(time.monotonic()))

    def _most_in_flight(self) -> int:
        """About twice what the pace and the usual answer time need; never more than the connections."""
        wanted = int(2 * self.pace.rate * max(self._latency_s, 0.1)) + 8
        return min(wanted, self.run.settings.whatsapp_connections)

    async def _pause(self, seconds: float) -> None:
        """Sleep, but wake up when we must stop."""
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return
