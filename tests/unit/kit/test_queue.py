"""A Valkey that is there and does not answer: whoever waits for ever goes on when it answers again."""

import asyncio
import signal
from collections.abc import AsyncIterator

import pytest

from app.kit.queue import QUEUE_NAME, PatientRedis, open_redis
from app.kit.servers import Valkey, throwaway_data_dir

pytestmark = pytest.mark.anyio


@pytest.fixture
async def frozen() -> AsyncIterator[tuple[Valkey, PatientRedis]]:
    """A server of this test's own, to be stopped and woken, and the worker's client with less patience per answer."""
    with throwaway_data_dir() as place, Valkey.start(place / "valkey") as valkey:
        redis = open_redis(valkey.url, retries=-1, redis_class=PatientRedis)
        assert isinstance(redis, PatientRedis)
        redis.connection_pool.connection_kwargs["socket_timeout"] = 0.05
        yield valkey, redis
        say(valkey, signal.SIGCONT)
        await redis.aclose(close_connection_pool=True)


def say(valkey: Valkey, number: int) -> None:
    valkey._child.process.send_signal(number)  # the process itself


async def test_a_server_that_does_not_greet_is_waited_for(frozen: tuple[Valkey, PatientRedis]) -> None:
    valkey, redis = frozen
    say(valkey, signal.SIGSTOP)

    asked = asyncio.create_task(redis.zrangebyscore(QUEUE_NAME, min="-inf", max="inf"))
    _, waiting = await asyncio.wait([asked], timeout=0.3)
    say(valkey, signal.SIGCONT)

    assert {asked} == waiting
    assert [] == await asked


async def test_a_job_whose_watch_was_lost_counts_as_started_elsewhere(frozen: tuple[Valkey, PatientRedis]) -> None:
    valkey, redis = frozen
    async with redis.pipeline(transaction=True) as pipe:
        await pipe.watch("job")
        say(valkey, signal.SIGSTOP)

        exists = await pipe.exists("job")
        await pipe.zscore(QUEUE_NAME, "job")  # arq asks for it all the same

    say(valkey, signal.SIGCONT)
    assert exists
    assert [] == await redis.zrangebyscore(QUEUE_NAME, min="-inf", max="inf")
