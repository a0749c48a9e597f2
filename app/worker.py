"""Door · arq: `toplu worker`. Stock arq can run `app.worker.WorkerSettings` too, and then claims until its jobs end.

arq carries bells and a clock, never work. Its settings here are the ones measured to be safe with arq 0.28: nothing is
retried, kept or timed out in a way that could lose or double a message, because no message rides on a job.
"""

import contextlib
import gc
import signal
from typing import Any, ClassVar

import uvloop
from arq import Worker, cron, func
from arq.worker import get_kwargs

from app.dispatch.jobs import drain
from app.inbound.jobs import settle
from app.kit.logs import configure
from app.kit.queue import QUEUE_NAME, PatientRedis, deserialize, open_redis, serialize
from app.settings import Settings
from app.stage import CannotWork, Stage


async def sweep(ctx: dict[str, Any]) -> None:
    """The clock's bell: sweep, and look for lines with work, also where polling is off and a bell was lost."""
    await ctx["lines"].sweep_all()
    await ctx["lines"].wake_due()


uvloop.install()  # arq takes the loop it finds; docs/performance.md says what this one saves
_settings = Settings()  # read at the door: this module is the worker's, nobody else imports it
configure(_settings.log_level)
_stage = Stage(_settings)


def _open_patient_redis() -> PatientRedis:
    redis = open_redis(_settings.redis_url.get_secret_value(), retries=-1, redis_class=PatientRedis)
    assert isinstance(redis, PatientRedis)
    redis.begin = _stage.begin
    return redis


async def _on_startup(ctx: dict[str, Any]) -> None:
    await _stage.begun()
    ctx |= _stage.ctx
    gc.collect()
    gc.freeze()  # what is there now stays: no full collection goes through it again
    gc.set_threshold(20_000, 20, 50)  # a message in flight is some hundred objects, and none of them a cycle


async def _on_shutdown(ctx: dict[str, Any]) -> None:
    await _stage.end()


class WorkerSettings:
    """Stock arq reads this. See `kit.queue` for the measurements behind the choices."""

    functions: ClassVar = [
        func(drain, name="drain", keep_result=0),
        func(settle, name="settle", keep_result=0),
    ]
    cron_jobs: ClassVar = [cron(sweep, second={0, 20, 40}, keep_result=0, max_tries=1_000_000)]
    queue_name = QUEUE_NAME
    redis_pool = _open_patient_redis()
    on_startup = _on_startup
    on_shutdown = _on_shutdown
    job_serializer = serialize
    job_deserializer = deserialize
    max_jobs = 50
    max_tries = 1_000_000
    keep_result = 0
    job_timeout = 30
    job_completion_wait = 60
    poll_delay = 0.1
    health_check_interval = 10
    log_results = False
    allow_abort_jobs = False


class DrainingWorker(Worker):
    """arq's worker, which claims nothing more from when it is told to end, and not only once its jobs are over."""

    def handle_sig_wait_for_completion(self, signum: signal.Signals) -> None:
        """SIGTERM or SIGINT came."""
        _stage.stop_claiming()
        super().handle_sig_wait_for_completion(signum)


def main() -> None:
    """Work until SIGTERM, and end drained."""
    with contextlib.suppress(CannotWork):  # told below
        settings: dict[str, Any] = get_kwargs(WorkerSettings)  # type: ignore[arg-type]  # it wants instance attributes
        DrainingWorker(**settings).run()
    if _stage.failed is not None:
        raise SystemExit(f"toplu: {_stage.failed}")
