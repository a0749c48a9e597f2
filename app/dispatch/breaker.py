"""When WhatsApp's answers say that the next message would meet the same: fall silent; later one message finds out.

The halt itself stands in the database (`senders.halt`), where every worker and the API see it. Nothing here burns an
attempt: what was refused with the line goes back to the queue.
"""

import asyncio
import time
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from app.dispatch.consequences import Refused, draw_consequences, has_consequences
from app.dispatch.held import Leased, Unbuildable
from app.dispatch.keep import LOST
from app.dispatch.pause import stop_template
from app.dispatch.queries import DueBatch
from app.kit.clock import uptime_s, utc_now
from app.kit.ids import encode
from app.runtime import Runtime
from app.senders.halt import HaltScope, halt_lines
from app.senders.hold import Line, close_breaker
from app.whatsapp.codes import classify
from app.whatsapp.outcomes import Deferred, Halted, NotSent, Outcome, Rejected, Uncertain

log = structlog.get_logger()

HALT_S = {"sender": 60.0, "account": 300.0, "credentials": 60.0}  # where the table of codes names no time
MOST_SILENT = 20  # posts in a row that nobody answered (or took): stop before a whole batch meets the same
# Where nothing can have left, the silence must last as well: nothing is lost meanwhile, and a port that is closed for a
# moment must not silence a fast line for a minute (a chaos run: 0.2 s of it cost 60). A post that waited so long for
# its answer has met a silence that lasts.
SILENT_FOR_S = 3.0
NEXT_TRY_S = 2.0  # by then what could not be posted was tried again
SILENT_HALT_S = 60.0
LONG_S = 60  # a delay of the whole sender that is not worth keeping the line for


@dataclass(slots=True)
class Breaker:
    """One line's breaker, as its drainer sees it. `open`: nothing is posted. `half_open`: one message tries."""

    run: Runtime
    tenant: UUID
    sender: UUID
    open: bool = False
    half_open: bool = False
    _silent: int = 0  # posts in a row without an answer…
    _doubtful: int = 0  # …and those of them that may have left
    _silent_since: float = 0.0
    _templates: dict[UUID, float] = field(default_factory=dict)  # batches whose template was refused, and when

    def found(self, line: Line) -> None:
        """What the line's row says: another worker may have halted it meanwhile, or an operator resumed it."""
        self.open = self.open or line.halted_s > 0
        self.half_open = line.half_open

    def stops(self, batch: UUID, claimed_at: float) -> bool:
        """Whether a message claimed then may not be posted any more; it goes back unposted."""
        return self.open or claimed_at <= self._templates.get(batch, -1.0)

    async def heed(
        self, batch: DueBatch, outcome: Outcome | Unbuildable, *, claimed_at: float, posted_at: float
    ) -> None:
        """Look at one answer, and fall silent, or speak again, where it says so.

        `claimed_at`: of `uptime_s`; `posted_at`: of `time.monotonic`.
        """
        if isinstance(outcome, Unbuildable):
            return
        self._count(outcome, posted_at)
        match outcome:
            case Halted(code, "template"):
                await self._stop_template(batch, code, claimed_at)
            case Halted(code, "sender" | "account" | "credentials" as scope):
                await self._halt(batch, code, scope, float(classify(code).delay_s or HALT_S[scope]))
            case Deferred(code, wait_s, "sender") if wait_s >= LONG_S:
                await self._halt(batch, code, "throttled", float(wait_s))
            case Uncertain() | NotSent():
                if self.half_open or self._is_silent():
                    await self._halt(batch, None, "no_answers", SILENT_HALT_S)
            case _:
                await self._close()

    async def draw(self, message: Leased, outcome: Outcome | Unbuildable, *, until: float) -> None:
        """Write down what a refusal means for others than its message: the person, for instance, wants no marketing.

        Before the refusal itself: whoever finds that finds this too, also after a crash between them. Tries until then
        (of `uptime_s`) while the database is away; nothing else would ever say it again.
        """
        if not isinstance(outcome, Rejected | Deferred) or not has_consequences(outcome.code):
            return
        refused, wait_s = Refused(message.id, outcome.code, utc_now()), 0.1
        while True:
            try:
                await draw_consequences(self.run, self.tenant, [refused])
            except LOST as error:
                if uptime_s() + wait_s > until:
                    log.error("dispatch.consequence_unwritten", code=outcome.code, error=type(error).__name__)
                    return
                log.warning("dispatch.consequence_waits", code=outcome.code, error=type(error).__name__)
            else:
                return
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, 2.0)

    @property
    def listens(self) -> bool:
        """Whether a silence has begun, and it is about to be seen whether it lasts: the next drainer would not know."""
        return bool(self._silent) and time.monotonic() - self._silent_since < SILENT_FOR_S + NEXT_TRY_S

    def _count(self, outcome: Outcome, posted_at: float) -> None:
        """Of posts that ended in the moment in which the silence began, one counts: whatever cut it cut them all."""
        if not isinstance(outcome, Uncertain | NotSent):
            self._silent = self._doubtful = 0
            return
        now = time.monotonic()
        if not self._silent:
            self._silent_since = now
        cut_with_it = self._silent and posted_at < self._silent_since and now - posted_at < SILENT_FOR_S
        self._silent += 1
        self._doubtful += isinstance(outcome, Uncertain) and not cut_with_it

    def _is_silent(self) -> bool:
        lasts = time.monotonic() - self._silent_since >= SILENT_FOR_S
        return self._doubtful >= MOST_SILENT or (self._silent >= MOST_SILENT and lasts)

    async def _halt(self, batch: DueBatch, code: int | None, scope: HaltScope, seconds: float) -> None:
        if self.open:
            return
        self.open = True
        self._tell(batch, code, scope, seconds)
        try:
            async with self.run.db.begin(self.tenant) as session:
                await halt_lines(
                    self.run,
                    session,
                    self.tenant,
                    self.sender,
                    code=code,
                    scope=scope,
                    seconds=seconds,
                    version=batch.sender_version,
                )
        except LOST as error:
            log.warning("dispatch.halt_unwritten", error=type(error).__name__)  # the next page meets it again

    async def _stop_template(self, batch: DueBatch, code: int, claimed_at: float) -> None:
        """Once for all that was claimed before it; what was claimed later and is refused stops the template anew."""
        if self.stops(batch.id, claimed_at):
            return
        self._templates[batch.id] = uptime_s()
        wait_s = classify(code).delay_s
        self._tell(batch, code, "template", float(wait_s or 0))
        try:
            async with self.run.db.begin(self.tenant) as session:
                await stop_template(session, self.tenant, batch.id, code, wait_s)
        except LOST as error:
            log.warning("dispatch.halt_unwritten", error=type(error).__name__)
            self._templates.pop(batch.id, None)  # the next refusal writes it

    async def _close(self) -> None:
        """WhatsApp dealt with a message of this line: it speaks again."""
        if self.open or not self.half_open:
            return
        self.half_open = False
        log.info("dispatch.speaks_again", sender_id=encode("snd", self.sender))
        try:
            async with self.run.db.begin(self.tenant) as session:
                await close_breaker(session, self.tenant, self.sender)
        except LOST as error:
            log.warning("dispatch.halt_unwritten", error=type(error).__name__)

    def _tell(self, batch: DueBatch, code: int | None, scope: str, seconds: float) -> None:
        log.error(
            "dispatch.halted",
            sender_id=encode("snd", self.sender),
            batch_id=encode("bat", batch.id),
            template=batch.template_name,
            code=code,
            scope=scope,
            seconds=seconds,
        )
