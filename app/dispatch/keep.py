"""Keep what is known of posted messages until it is on disk, in small sets, also while the database is away.

An answer that is not written makes its message uncertain once its lease is over. So nothing here gives up before that
because of the database (which may be away, full, or read-only for a while); and one answer that cannot be written for
what it holds must not hold up the others.
"""

import asyncio
import time
from dataclasses import dataclass, field
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from app.dispatch.flow.record import Verdict, record
from app.dispatch.held import Hold
from app.runtime import Runtime, TenantKeys

log = structlog.get_logger()

RECORD_AT = 200  # outcomes written at once without waiting for more…
RECORD_MOST = 1000
RECORD_EVERY_S = 0.05  # …and how long the first of fewer waits for company
LOST = (SQLAlchemyError, OSError, TimeoutError)  # also the pool's own TimeoutError
DATA = frozenset({"22", "23", "P0"})  # classes of SQLSTATE: a value, a constraint, a guard of ours
# …and what no row can cause: the connection, read-only, a lost race, no space, not now, an operator, the system.
CIRCUMSTANCES = frozenset({"08", "25", "40", "53", "55", "57", "58"})


@dataclass(slots=True)
class Keeper:
    """The answers of one drain. `keep` runs beside the posts, `finish` writes the rest and ends it."""

    run: Runtime
    tenant: UUID
    keys: TenantKeys
    hold: Hold
    written: int = 0  # answers that are on disk
    _verdicts: list[Verdict] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: bool = False

    def add(self, verdict: Verdict) -> None:
        """One more answer."""
        self._verdicts.append(verdict)
        self._news.set()

    async def keep(self) -> None:
        """Write answers as they come, until `finish`."""
        while not self._ended:
            await self._news.wait()
            if len(self._verdicts) < RECORD_AT and not self._ended:
                await asyncio.sleep(RECORD_EVERY_S)
            self._news.clear()
            await self._write_all()

    async def finish(self, keeping: "asyncio.Task[None]") -> None:
        """Write what is left. Tries for as long as the messages' leases can last, then says so."""
        self._ended = True
        self._news.set()
        await asyncio.gather(keeping, return_exceptions=True)
        deadline = time.monotonic() + self.run.settings.sending_lease_s
        while self._verdicts and time.monotonic() < deadline:
            await self._write_all()
        if self._verdicts:
            log.error("dispatch.answers_lost", size=len(self._verdicts))

    async def _write_all(self) -> None:
        wait_s = 0.1
        while self._verdicts:
            some = self._verdicts[:RECORD_MOST]
            left = some if not await self._written(some) else []
            if left and await self._answers():
                left = await self._write_one_by_one(some)
            self._verdicts[: len(some)] = left
            if left:
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, 5.0)
                if self._ended:
                    return  # `finish` decides how long it goes on

    async def _written(self, verdicts: list[Verdict]) -> bool:
        """Write the set. False when it could not be, for whatever reason: no answer may be forgotten for it."""
        try:
            await self._write(verdicts)
        except Exception as error:
            log.warning("dispatch.write_failed", error=type(error).__name__, size=len(verdicts), exc_info=_odd(error))
            return False
        return True

    async def _write(self, verdicts: list[Verdict]) -> None:
        async with self.run.db.begin(self.tenant) as session:
            recorded = await record(session, self.hold, self.keys, verdicts)
        self.written += len(verdicts)
        if recorded != len(verdicts):
            log.info("dispatch.recorded_less", size=len(verdicts), recorded=recorded)

    async def _write_one_by_one(self, verdicts: list[Verdict]) -> list[Verdict]:
        """The database answers, so one of these may be the trouble: the others must not wait for it.

        What is left is to be tried again: it is not its own fault, as far as anybody can tell.
        """
        failed: list[tuple[Verdict, Exception]] = []
        for verdict in verdicts:
            try:
                await self._write([verdict])
            except Exception as error:  # noqa: BLE001  # which one it is decides below
                failed.append((verdict, error))
        left: list[Verdict] = []
        for verdict, cause in failed:
            if not _is_its_own(cause, others_written=len(failed) < len(verdicts)):
                left.append(verdict)
                continue
            log.error(
                "dispatch.answer_unwritable",
                message_id=str(verdict.id),
                state=verdict.state.value,
                error=type(cause).__name__,
                exc_info=cause if _odd(cause) else None,
            )
        return left

    async def _answers(self) -> bool:
        try:
            async with self.run.db.begin(self.tenant):
                return True
        except LOST:
            return False


def _is_its_own(error: Exception, *, others_written: bool) -> bool:
    """Whether an answer failed for what it holds. Of what may be either the others tell: they could be written."""
    if not isinstance(error, DBAPIError):
        return _odd(error)
    code = str(getattr(error.orig, "sqlstate", None) or "")
    if error.connection_invalidated or code[:2] in CIRCUMSTANCES:
        return False
    return code[:2] in DATA or others_written


def _odd(error: Exception) -> bool:
    """Whether it is none of the failures that a database has."""
    return not isinstance(error, LOST)
