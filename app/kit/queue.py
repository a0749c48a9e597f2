"""The one seam to arq: a bell that may be lost. Nothing of value travels through it.

Settings measured against arq 0.28 and Valkey 9: JSON instead of pickle (pickle lets whoever can write to Valkey
run code here), socket timeouts (arq sets none, so a frozen server would hang an enqueue for ever), `keep_result=0`
(a kept result blocks the next bell of that name), and one job name per second and line so that a burst of bells is
one bell.
"""

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

import structlog
from arq.connections import ArqRedis
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import AuthenticationError, BusyLoadingError, RedisError, WatchError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = structlog.get_logger()

QUEUE_NAME = "toplu:bells"
RING_DEADLINE_S = 0.25
AGAIN_S = 0.5  # between two tries to be greeted
RETRIABLE = [RedisConnectionError, RedisTimeoutError, BusyLoadingError, OSError]


def serialize(job: dict[str, Any]) -> bytes:
    """A job as JSON; ids only, so every value is JSON already."""
    return json.dumps(job, default=str).encode()


def deserialize(raw: bytes) -> dict[str, Any]:
    """A job from JSON. arq drops what does not parse; no code can ride in it."""
    job: dict[str, Any] = json.loads(raw)
    return job


class PatientPool(BlockingConnectionPool):
    """Connections for who waits for ever. redis-py 7 tries a command again, but not the greeting of a connection: a
    server that is there and does not answer would end whoever asked, and with it the worker."""

    async def get_connection(self, *_: Any, **__: Any) -> Any:
        """A connection, as soon as the server greets."""
        while True:
            try:
                return await super().get_connection()
            except AuthenticationError:
                raise
            except tuple(RETRIABLE) as error:
                log.warning("queue.server_silent", error=type(error).__name__)
                await asyncio.sleep(AGAIN_S)


class PatientPipeline(Pipeline):
    """arq reads two keys under WATCH before it starts a job. When the connection is lost in between, the job counts as
    started elsewhere: the bell is lost, and not the worker."""

    async def immediate_execute_command(self, *args: Any, **options: Any) -> Any:
        """The answer; after a lost watch what arq takes for "somebody else has it"."""
        try:
            return await super().immediate_execute_command(*args, **options)  # type: ignore[no-untyped-call]
        except WatchError:
            log.warning("queue.watch_lost")
            return args[0] == "EXISTS"  # it exists, or (ZSCORE) it is not there

    async def reset(self) -> None:
        """Give the connection back. It says UNWATCH first, and a server that is silent then takes the watch with it."""
        try:
            await super().reset()  # type: ignore[no-untyped-call]
        except tuple(RETRIABLE):
            self.watching = False
            if self.connection:
                await self.connection.disconnect()
            await super().reset()  # type: ignore[no-untyped-call]


def open_redis(url: str, *, retries: int, redis_class: type[ArqRedis] = ArqRedis) -> ArqRedis:
    """A lazy client: nothing is connected until the first command. `retries` -1 means for ever (the worker)."""
    pool = (PatientPool if retries < 0 else BlockingConnectionPool).from_url(
        url,
        max_connections=20,
        timeout=2,
        socket_timeout=2,
        socket_connect_timeout=1,
        socket_keepalive=True,
        health_check_interval=15,
        retry=Retry(ExponentialBackoff(cap=1.0, base=0.1), retries),
        retry_on_error=RETRIABLE,
    )
    return redis_class(
        pool_or_conn=pool,
        job_serializer=serialize,
        job_deserializer=deserialize,
        default_queue_name=QUEUE_NAME,
        expires_extra_ms=60_000,
    )


class Bells:
    """Rings workers awake, best effort. A lost bell costs one polling interval, never a message."""

    def __init__(self, url: str) -> None:
        self._redis = open_redis(url, retries=0)
        self.lost = 0

    async def ring(self, job: str, line: UUID | None = None) -> bool:
        """Ask for `job` (of one `line`) soon. Never raises, waits 250 ms at most; False: the bell was lost."""
        name = f"{job}:{line or '-'}:{int(time.time())}"
        arguments = () if line is None else (str(line),)
        try:
            async with asyncio.timeout(RING_DEADLINE_S):
                await self._redis.enqueue_job(job, *arguments, _job_id=name)
        except (RedisError, OSError, TimeoutError) as error:
            self.lost += 1
            log.warning("queue.bell_lost", job=job, error=type(error).__name__)
            return False
        return True

    async def remember(self, name: str, value: str, *, days: int) -> bool:
        """Keep a hint beside the bells. Nothing may depend on its being there; False: it is not."""
        try:
            async with asyncio.timeout(RING_DEADLINE_S):
                await self._redis.set(name, value, ex=days * 86_400)
        except (RedisError, OSError, TimeoutError):
            return False
        return True

    async def recall(self, name: str) -> str | None:
        """A hint that was kept, or None: there is none, or nobody answers, or it is no text."""
        try:
            async with asyncio.timeout(RING_DEADLINE_S):
                kept = await self._redis.get(name)
            return None if kept is None else bytes(kept).decode("ascii")
        except (RedisError, OSError, TimeoutError, ValueError):
            return None

    async def answers(self) -> bool:
        """Whether the server behind the bells answers now."""
        try:
            async with asyncio.timeout(1):
                await self._redis.ping()
        except (RedisError, OSError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Close the connections, whatever state they are in."""
        try:
            async with asyncio.timeout(1):
                await self._redis.aclose(close_connection_pool=True)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("queue.close_failed", error=type(error).__name__)


class PatientRedis(ArqRedis):
    """The worker's client: lets the worker begin, and end, while the server is away.

    arq 0.28 asks the server for its version before it calls `on_startup`, and deletes a key before it calls
    `on_shutdown`. With the server down the first would keep a worker from polling the database, the second from
    finishing its posts.
    """

    begin: Callable[[], None] | None = None

    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Any:
        """The first thing arq asks for: our own start must not wait for its answer."""
        if self.begin is not None:
            begin, self.begin = self.begin, None
            begin()
        return PatientPipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)

    async def delete(self, *names: Any) -> Any:
        """Delete within a second or not at all; what arq deletes expires by itself."""
        try:
            async with asyncio.timeout(1):
                return await super().delete(*names)
        except (RedisError, OSError, TimeoutError):
            return 0
