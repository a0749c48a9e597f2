"""What a worker process runs beside its queue: its lines, and the loops that look for work by themselves."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import structlog

from app.dispatch.lines import BEAT_S, SHARE_S, SWEEP_S, Lines
from app.dispatch.statistics import LOOK_S as STATISTICS_S
from app.dispatch.statistics import refresh_statistics
from app.duties.tell_overdue import tell_overdue
from app.evidence.sealer import LOOK_S, Sealer
from app.inbound.settle import settle_pending
from app.kit.db import is_away, is_busy
from app.kit.tasks import end_tasks, insist_on_cancelling
from app.purposes.contact import log_contact_rules_off
from app.readiness import NotYet, check_database, newest_revision
from app.retention.run import run_due
from app.runtime import Runtime, open_runtime
from app.senders.guard import LOOK_S as GUARD_S
from app.settings import Settings
from app.subjects.search import search_webhooks

log = structlog.get_logger()

SETTLE_ROWS = 1_000
DUTIES_S = 300.0  # how often a worker asks whether the hourly count is due
SEARCH_S = 60.0


class CannotWork(Exception):
    """This worker cannot do anything with the database it was given."""


class Stage:
    """Everything of a worker process but the queue. `ctx` is what jobs get: `run` and `lines`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.ctx: dict[str, Any] = {}
        self._stack = AsyncExitStack()
        self._loops: list[asyncio.Task[None]] = []
        self._begun: asyncio.Task[None] | None = None
        self._insists: asyncio.Task[None] | None = None
        self.failed: str | None = None

    def begin(self) -> None:
        """Start, once, without waiting: arq's main task calls this before it knows whether Valkey answers."""
        if self._begun is None:
            main = asyncio.current_task()
            assert main is not None
            self._insists = asyncio.create_task(insist_on_cancelling(main))
            self._begun = asyncio.get_running_loop().create_task(self._begin())
            self._begun.add_done_callback(self._note_failure)

    def _note_failure(self, begun: "asyncio.Task[None]") -> None:
        """A start that failed ends the process, also while the queue still waits for its own server."""
        if not begun.cancelled() and isinstance(begun.exception(), CannotWork):
            self.failed = str(begun.exception())
            log.error("worker.cannot_work", cause=self.failed)
            signal.raise_signal(signal.SIGTERM)

    async def begun(self) -> None:
        """Wait until the start is over. Raises what made it fail."""
        self.begin()
        assert self._begun is not None
        await asyncio.shield(self._begun)

    async def _begin(self) -> None:
        run = await self._stack.enter_async_context(open_runtime(self.settings, "worker"))
        await self._await_database(run)
        log_contact_rules_off(self.settings)
        lines = Lines(run)
        self.ctx |= {"run": run, "lines": lines}
        await _patiently(lines.guard.look)  # before anything is sent: this database may be one that was restored
        await self._catch_up(run)
        self._every(BEAT_S, lines.beat)
        self._every(SHARE_S, lines.share)
        self._every(GUARD_S, lines.guard.look)
        self._every(SWEEP_S, lines.sweep_all)
        self._every(LOOK_S, Sealer(run).look)
        self._every(STATISTICS_S, lambda: refresh_statistics(run.db))
        self._every(3600.0, lines.make_partitions)
        self._every(DUTIES_S, lambda: tell_overdue(run.db))
        self._every(3600.0, lambda: run_due(run))
        self._every(SEARCH_S, lambda: search_webhooks(run))
        if self.settings.poll_s > 0:
            self._every(self.settings.poll_s, lines.wake_due)
            self._every(self.settings.poll_s, lambda: settle_pending(run, SETTLE_ROWS))
        log.info("worker.begun", owner=lines.owner, poll_s=self.settings.poll_s)

    async def _await_database(self, run: Runtime) -> None:
        """Wait for a database that is away; say at once when it is there and cannot be worked with.

        Raises CannotWork: a role that may not be taken on, a schema that was not made, a password that is wrong.
        """
        try:
            await _patiently(lambda: check_database(run, newest_revision()))
        except NotYet:
            raise CannotWork("the schema is older than this version: `toplu migrate` brings it up") from None
        except Exception as error:
            cause = (str(getattr(error, "orig", error)) or type(error).__name__).splitlines()[0]
            raise CannotWork(f"the database cannot be worked with as toplu_worker: {cause}") from error

    async def _catch_up(self, run: Runtime) -> None:
        """Hear what was said while no worker ran, before anything is sent: a STOP may be among it."""
        try:
            await settle_pending(run, SETTLE_ROWS)
        except Exception:
            log.exception("worker.catch_up_failed")

    def _every(self, seconds: float, look: Callable[[], Awaitable[Any]]) -> None:
        self._loops.append(asyncio.create_task(_repeat(seconds, look)))

    def stop_claiming(self) -> None:
        """The end is near: nothing more is taken on, while what runs already may go on for a while."""
        if "lines" in self.ctx:
            self.ctx["lines"].stopping.set()

    async def end(self) -> None:
        """Drain: stop looking, stop claiming, let posts end, write answers down, close everything."""
        if self._begun is not None and self._insists is not None:
            await end_tasks(self._begun, self._insists)  # a start that still waits for its database
        await end_tasks(*self._loops)
        try:
            if "lines" in self.ctx:
                await self.ctx["lines"].stop()
        finally:
            await self._stack.aclose()
        log.info("worker.ended")


async def _patiently(look: Callable[[], Awaitable[Any]]) -> None:
    """Look until it can be done: the database may be away, or another one hold a lock, such as one that is frozen."""
    while True:
        try:
            await look()
        except Exception as error:
            if not is_away(error) and not is_busy(error):
                raise
            log.warning("worker.awaits_database", error=type(error).__name__)
            await asyncio.sleep(2.0)
        else:
            return


async def _repeat(seconds: float, look: Callable[[], Awaitable[Any]]) -> None:
    """Look again and again; a failed look is logged and the next one comes. The database may be away for a while."""
    while True:
        try:
            await look()
        except Exception as error:
            log.error("worker.look_failed", error=type(error).__name__, exc_info=not is_away(error))
        await asyncio.sleep(seconds)
