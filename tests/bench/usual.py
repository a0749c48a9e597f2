"""The design most people write, as fair as it can be: one arq job per message, ORM load, one shared default httpx
client, ORM commit with an event row.

50 jobs at once on uvloop is its best, by little. Medians of two short runs of 800 messages in turns (2026-11, beside
other programs), as shares of 50 jobs on asyncio's own loop, and the worker's processor time with its start:

    jobs at once      10    25    50   100   200
    asyncio         0.83  0.85  1.00  0.98  0.94     7.7  8.1  7.7  7.8  7.8 ms a message
    uvloop          0.89  0.89  1.00  0.92  0.99     7.6  7.8  7.5  7.7  7.5 ms

As many connections to PostgreSQL as jobs, 50 at most.
"""

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from uuid import uuid4

from arq import create_pool
from arq.connections import RedisSettings
from sqlalchemy import ForeignKey, String, Uuid
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from tests.bench.stand import Stand
from tests.worker_process import ROOT

SCHEMA = "bench_usual"


@dataclass(frozen=True, slots=True)
class Tuned:
    """What the usual design leaves to choose, at its best."""

    jobs: int = 50
    pool: int = 50
    uvloop: bool = True
    poll_delay_s: float = 0.05

    def __str__(self) -> str:
        loop = "uvloop" if self.uvloop else "asyncio"
        return (
            f"arq with {self.jobs} jobs at once, keep_result 0, poll_delay {self.poll_delay_s} s; {loop};"
            f" {self.pool} connections to PostgreSQL; httpx.AsyncClient as it comes;"
            f" each job loads two rows by ORM and commits an UPDATE and an INSERT"
        )


class Base(DeclarativeBase):
    """Tables of the usual design."""


class Consent(Base):
    """A person's consent."""

    __tablename__ = "consents"
    __table_args__ = ({"schema": SCHEMA},)
    phone: Mapped[str] = mapped_column(String, primary_key=True)
    given: Mapped[bool]


class Message(Base):
    """A message and its state."""

    __tablename__ = "messages"
    __table_args__ = ({"schema": SCHEMA},)
    id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    phone: Mapped[str]
    state: Mapped[str]
    wamid: Mapped[str | None]


class Event(Base):
    """A line of the log."""

    __tablename__ = "events"
    __table_args__ = ({"schema": SCHEMA},)
    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey(f"{SCHEMA}.messages.id"))
    kind: Mapped[str]


async def measure_usual(stand: Stand, url: str, messages: int, tuned: Tuned) -> float:
    """Messages per second of the steady middle: the first and the last tenth are left out."""
    address = stand.postgres.url("toplu_test_bench").replace("postgresql://", "postgresql+asyncpg://")
    engine = create_async_engine(address)
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        await connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")
        await connection.run_sync(Base.metadata.create_all)
    ids = [uuid4() for _ in range(messages)]
    async with AsyncSession(engine) as session:
        session.add_all(Consent(phone=f"+905{at:09d}", given=True) for at in range(messages))
        session.add_all(Message(id=id_, phone=f"+905{at:09d}", state="queued") for at, id_ in enumerate(ids))
        await session.commit()
    await engine.dispose()
    redis = stand.settings.redis_url.get_secret_value()
    pool = await create_pool(RedisSettings.from_dsn(redis), default_queue_name="usual")
    for id_ in ids:
        await pool.enqueue_job("send", str(id_))
    await pool.aclose()
    told = json.dumps(asdict(tuned))
    words = [sys.executable, "-m", "tests.bench.usual_worker", address, redis, url, str(messages), told]
    began = time.perf_counter()
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout, f"{done.stderr[-2000:]} after {time.perf_counter() - began:.0f} s"
    return float(done.stdout.split()[-1])
