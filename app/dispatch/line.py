"""Drain one sender's line: lease, post, record, again. One drainer per sender, pages overlap.

No connection is held while a message is posted. Rows are claimed only as the pace allows and as answers come, so few
are ever `sending`: after a kill -9 those, and only those, become uncertain.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from app.dispatch.agenda import Agenda
from app.dispatch.breaker import Breaker
from app.dispatch.claim import claim
from app.dispatch.finish import finish_batches
from app.dispatch.flow.lease import Page
from app.dispatch.flow.post import Voice, post
from app.dispatch.flow.record import grown_s, pair_waits, verdict_of
from app.dispatch.give_back import give_back
from app.dispatch.held import Hold, Leased, Unbuildable
from app.dispatch.keep import LOST, Keeper
from app.dispatch.mouths import Mouths
from app.dispatch.pacing.lanes import Lane, Turns
from app.dispatch.pacing.number import AHEAD_S, Pace, Trace
from app.dispatch.pacing.pairs import PAIR_LIMIT, Pairs
from app.dispatch.queries import DueBatch
from app.kit.clock import uptime_s
from app.kit.ids import encode
from app.runtime import Runtime, TenantKeys
from app.senders.hold import Spoken, hold_line, leave_line
from app.whatsapp.outcomes import Deferred, NotSent
from app.whatsapp.payloads import TemplateForm

log = structlog.get_logger()

IDLE_S = 0.2  # between two looks at an empty line
IDLE_LOOKS = 5  # then the line is left, and a bell or the poll brings somebody back
MARGIN_S = 15.0  # between the last moment a post may begin and the end of its lease, beside the read timeout
GIVE_WITHIN_S = 2.0  # for the answers that are under way
LEAVE_FOR_S = 2.0  # then the lease of a line that cannot be left ends by itself


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
    sharing: Callable[[], int] = lambda: 1  # how many lines this process drains, over the same connections
    pairs: Pairs = field(default_factory=Pairs)
    turns: Turns = field(default_factory=Turns)
    give_by: float | None = None  # until then it waits for its last answers, to leave the line to another worker
    hold: Hold = field(init=False)
    keeper: Keeper = field(init=False)
    mouths: Mouths = field(init=False)
    agenda: Agenda = field(init=False)
    _held_until: float = 0.0
    _claimed: int = 0
    _unheard_until: float = 0.0  # a claim may have been committed, nobody heard so, and this is when its lease ends
    _halted: bool = False
    _lost: bool = False
    _latency_s: float = 0.5
    breaker: Breaker = field(init=False)

    def __post_init__(self) -> None:
        self.breaker = Breaker(self.run, self.tenant, self.sender)
        self.agenda = Agenda(self.run, self.tenant, self.sender)
        self.mouths = Mouths(self._post, self.run.settings.whatsapp_connections)

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

    def give_away(self) -> None:
        """Another worker shall go on: claim nothing, leave when all answers are there. If one is slow, think again."""
        self.give_by = time.monotonic() + GIVE_WITHIN_S

    async def _claim_until_empty(self) -> None:
        empty = 0
        while not self._over() and empty < IDLE_LOOKS:
            if not await self._keep_line():
                raise LineLost
            now = time.monotonic()
            if self._rests(now):
                await self._pause(0.02)
                continue
            room = self._room(now)
            if room <= 0:
                await self._pause(max(self.pace.wait_s(now), 0.05 if self.breaker.half_open else 0.005))
                continue
            seen = await self._claim_in_turn(room)
            empty = 0 if seen or self.mouths or self.breaker.listens else empty + 1
            if not seen and self.agenda.fresh:
                await self._pause(IDLE_S)

    def _rests(self, now: float) -> bool:
        """While the line is to be given away nothing is claimed; a line that rests for one slow answer helps nobody."""
        if self.give_by is None:
            return False
        if not self.mouths:
            self._halted = True
        elif now > self.give_by:
            self.give_by = None
        return self.give_by is not None

    async def _claim_in_turn(self, room: int) -> int:
        """Fill the room: each busy lane its share, then whoever can use what is left, the most urgent first."""
        due = await self.agenda.look()
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
            asked = min(room - seen, self.run.settings.page_size)
            page = await self._claim(batches[0], asked)
            seen += page.seen
            self.agenda.served(lane, batches[0], more=page.seen == asked and page.waits_until is None)
        return seen

    async def _claim(self, batch: DueBatch, size: int) -> Page:
        claimed_at = uptime_s()
        try:
            page = await claim(self.run, self.hold, batch, size=size, portfolio=self.portfolio)
        except LOST:
            self._unheard_until = claimed_at + self.run.settings.sending_lease_s
            raise
        self._claimed += len(page.leased)
        form = TemplateForm(batch.template_name, batch.template_language, batch.variables, named=batch.named)
        voice = Voice(self.phone_number_id, self.token, form)
        for message in page.leased:
            now = time.monotonic()  # the pair is this sender and whoever holds the number now
            if self.pairs.wait_s(message.holder_id, now):
                self.keeper.add(pair_waits(message, self.pairs.put_off(message.holder_id, now)))
                continue
            self.pairs.take(message.holder_id, now)
            self.mouths.add(batch, voice, message, self.pace.slot(now), claimed_at)
        if page.waits_until is not None:
            log.info("dispatch.waits", batch_id=encode("bat", batch.id), until=page.waits_until.isoformat())
        elif page.seen:
            log.debug("dispatch.leased", batch_id=encode("bat", batch.id), seen=page.seen, size=len(page.leased))
        return page

    async def _post(self, batch: DueBatch, voice: Voice, message: Leased, slot: float, claimed_at: float) -> bool:
        """Wait for the slot, then post; True when bytes left. Before, a stop sends nothing; then the answer is awaited.

        `claimed_at` (of `uptime_s`): a process that was frozen since must not post: its lease may be over, the person
        may have withdrawn, and somebody else may have called the message uncertain.
        """
        now = time.monotonic()
        if slot > now:
            await self._pause(slot - now)
            now = time.monotonic()
        late = uptime_s() > claimed_at + self._post_within_s()
        if self._over() or late or self.breaker.stops(batch.id, claimed_at):
            self.pace.give_back()
            self.pairs.give_back(message.holder_id)
            self.keeper.add(verdict_of(message, NotSent("draining")))
            return False
        outcome = await post(self.run.whatsapp, voice, self.keys, message)
        self._latency_s += 0.1 * (time.monotonic() - now - self._latency_s)
        if isinstance(outcome, Deferred) and outcome.code == PAIR_LIMIT:
            wait_s = grown_s(outcome.retry_in_s, message.attempts)  # as long as the message itself waits
            self.pairs.refused(message.holder_id, time.monotonic(), wait_s=wait_s)
        if isinstance(outcome, Deferred) and outcome.scope == "sender":
            self.pace.slow_down(time.monotonic())
        try:
            await self.breaker.draw(message, outcome, until=claimed_at + self.run.settings.sending_lease_s)
        finally:
            self.keeper.add(verdict_of(message, outcome, resend=batch.at_least_once))
        await self.breaker.heed(batch, outcome, claimed_at=claimed_at, posted_at=now)
        return not isinstance(outcome, NotSent | Unbuildable)

    def _post_within_s(self) -> float:
        """How long after its claim a message may still be posted."""
        settings = self.run.settings
        return settings.sending_lease_s - settings.whatsapp_read_timeout_s - MARGIN_S

    def _over(self) -> bool:
        return self.stopping.is_set() or self._halted or self.breaker.open

    async def _finish_posts(self) -> None:
        """No POST is ever cancelled: bytes may have left. The client's own deadline ends the slowest."""
        while self.mouths:
            await self.mouths.wait(1.0)
            with contextlib.suppress(*LOST):
                await self._keep_line()

    async def _keep_line(self) -> bool:
        """Take the line, or renew it when a third of its lease is over. Once lost, it stays so for this drain."""
        if self._lost:
            return False
        now, lease_s = time.monotonic(), self.run.settings.lease_s
        if now < self._held_until - lease_s * 2 / 3:
            return True
        async with self.run.db.begin(self.tenant) as session:
            spoken = self._spoken() if self._held_until else None
            line = await hold_line(session, self.tenant, self.sender, self.owner, lease_s=lease_s, spoken=spoken)
            if line is not None and self._held_until and line.fence != self.hold.fence:
                # Its lease was over meanwhile, and what we claimed carries the old fence: whoever comes next takes it.
                await leave_line(session, self.tenant, self.sender, self.owner, fence=line.fence, spoken=self._spoken())
                line = None
        if line is None:
            self._lost = bool(self._held_until)
            return False
        if not self._held_until and line.rate is not None:
            self.pace.take_over(Trace(line.rate, line.rate_age_s, line.ahead_s), now)
        self.hold = Hold(self.tenant, self.sender, self.owner, line.fence)
        self._held_until = now + lease_s
        self.breaker.found(line)
        return True

    async def _leave(self) -> None:
        """Let the line go, and what nobody heard of. Tries for as long as that is leased, where there is any."""
        until, wait_s = max(self._unheard_until, uptime_s() + LEAVE_FOR_S), 0.1
        while True:
            try:
                async with self.run.db.begin(self.tenant) as session:
                    if self._unheard_until and self.keeper.written == self._claimed:
                        await give_back(session, self.hold, self.keys)
                    fence = self.hold.fence
                    await leave_line(session, self.tenant, self.sender, self.owner, fence=fence, spoken=self._spoken())
                    await finish_batches(session, self.tenant)
            except LOST as error:
                log.warning("dispatch.leave_failed", error=type(error).__name__)
                if uptime_s() + wait_s > until:
                    return
            else:
                return
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, 2.0)

    def _spoken(self) -> Spoken:
        return Spoken(self.pace.rate, self.pace.ahead_s(time.monotonic()))

    def _room(self, now: float) -> int:
        """How many messages to claim now; 0 while enough wait for a connection already.

        About twice what the pace and the usual answer time need may be without an answer, and never more than this
        line's share of the connections, or than what is answered in a quarter second where that is more. (Whoever waits
        for a connection for seconds looks like a WhatsApp that is silent.) A claim waits until it would be a
        page, or a quarter of what the pace allows ahead; while some wait for a connection, of what answers allow.
        """
        self.mouths.look()
        self.mouths.most = max(1, self.run.settings.whatsapp_connections // max(1, self.sharing()))
        ahead = int(AHEAD_S * min(self.pace.rate, self.mouths.rate))
        wanted = int(2 * self.pace.rate * max(self._latency_s, 0.1)) + 8
        most = 1 if self.breaker.half_open else min(wanted, max(self.mouths.most, ahead))
        page = self.run.settings.page_size
        allowed = min(self.pace.room(now), wanted - len(self.mouths), page)
        room = min(allowed, most - len(self.mouths))
        free, worth = (room, ahead // 4) if self.mouths.waiting else (allowed, int(AHEAD_S * self.pace.rate / 4))
        return room if free >= min(page, worth) else 0

    async def _pause(self, seconds: float) -> None:
        """Sleep, but wake up when we must stop."""
        if seconds <= 0:
            return
        try:
            async with asyncio.timeout(seconds):
                await self.stopping.wait()
        except TimeoutError:
            return
