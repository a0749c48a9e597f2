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
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import BusyLoadingError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = structlog.get_logger()

QUEUE_NAME = "toplu:bells"
RING_DEADLINE_S = 0.25
RETRIABLE = [RedisConnectionError, RedisTimeoutError, BusyLoadingError, OSError]


def serialize(job: dict[str, Any]) -> bytes:
    """A job as JSON; ids only, so every value is JSON already."""
    return json.dumps(job, default=str).encode()


def deserialize(raw: bytes) -> dict[str, Any]:
    """A job from JSON. arq drops what does not parse; no code can ride in it."""
    job: dict[str, Any] = json.loads(raw)
    return job


def open_redis(url: str, *, retries: int, redis_class: type[ArqRedis] = ArqRedis) -> ArqRedis:
    """A lazy client: nothing is connected until the first command. `retries` -1 means for ever (the worker)."""
    pool = BlockingConnectionPool.from_url(
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
        return super().pipeline(transaction, shard_hint)

    async def delete(self, *names: Any) -> Any:
        """Delete within a second or not at all; what arq deletes expires by itself."""
        try:
            async with asyncio.timeout(1):
                return await super().delete(*names)
        except (RedisError, OSError, TimeoutError):
            return 0
