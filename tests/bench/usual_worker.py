"""The worker of `usual`: `python -m tests.bench.usual_worker DATABASE REDIS WHATSAPP MESSAGES TUNED`.

TUNED is JSON of `usual.Tuned`. Prints messages/s.
"""

import asyncio
import json
import sys
import time
from typing import Any
from uuid import UUID

import httpx
import uvloop
from arq.connections import RedisSettings
from arq.worker import Worker, func
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from tests.bench.usual import Consent, Event, Message, Tuned

ends: list[float] = []


async def send(ctx: dict[str, Any], message_id: str) -> None:
    """One job: load, check, post, write."""
    async with ctx["sessions"]() as session:
        message = await session.get_one(Message, UUID(message_id))
        consent = (await session.execute(select(Consent).where(Consent.phone == message.phone))).scalar_one()
        if message.state == "queued" and consent.given:
            body = {
                "messaging_product": "whatsapp",
                "to": message.phone,
                "type": "template",
                "template": {"name": "autumn_offer", "language": {"code": "tr"}},
            }
            answer = await ctx["client"].post(f"{ctx['url']}/v25.0/100000000000001/messages", json=body)
            message.state, message.wamid = "sent", answer.json()["messages"][0]["id"]
            session.add(Event(message_id=message.id, kind="sent"))
            await session.commit()
    ends.append(time.perf_counter())


async def main(database: str, redis: str, url: str, messages: int, tuned: Tuned) -> None:
    engine = create_async_engine(database, pool_size=tuned.pool, max_overflow=0)
    async with httpx.AsyncClient(headers={"authorization": "Bearer a-token"}, trust_env=False) as client:
        sessions: async_sessionmaker[AsyncSession] = async_sessionmaker(engine, expire_on_commit=False)
        worker = Worker(
            functions=[func(send, name="send", keep_result=0)],
            redis_settings=RedisSettings.from_dsn(redis),
            queue_name="usual",
            burst=True,
            max_jobs=tuned.jobs,
            poll_delay=tuned.poll_delay_s,
            handle_signals=False,
            ctx={"sessions": sessions, "client": client, "url": url},
        )
        await worker.async_run()
        await worker.close()
    await engine.dispose()
    tenth = messages // 10
    middle = ends[tenth:-tenth]
    print((len(middle) - 1) / (middle[-1] - middle[0]))


if __name__ == "__main__":
    chosen = Tuned(**json.loads(sys.argv[5]))
    run = uvloop.run if chosen.uvloop else asyncio.run
    run(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), chosen))
