"""What becomes of answers that cannot be written, or are written twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.dispatch.flow.record import Verdict, record, verdict_of
from app.dispatch.held import Hold, Leased
from app.dispatch.keep import Keeper
from app.dispatch.states import State
from app.kit.ids import encode
from app.runtime import Runtime, TenantKeys, open_runtime
from app.tenants.keys import get_tenant_keys
from app.whatsapp.outcomes import NotSent, Uncertain
from tests.conftest import TestDatabase
from tests.house import House
from tests.rooms.dispatch.test_claim import claim, hold_of, queued

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Claimed:
    """Messages that a worker has claimed and not answered yet."""

    run: Runtime
    hold: Hold
    keys: TenantKeys
    leased: list[Leased]

    def keeper(self) -> Keeper:
        return Keeper(self.run, self.hold.tenant, self.keys, self.hold)


@asynccontextmanager
async def claimed(house: House, batch: UUID) -> AsyncIterator[Claimed]:
    async with open_runtime(house.settings, "worker") as run:
        hold = await hold_of(house, run.db)
        page = await claim(run, hold, batch)
        async with run.db.begin(hold.tenant) as session:
            keys = await get_tenant_keys(run, session, hold.tenant)
        yield Claimed(run, hold, keys, page.leased)


async def test_an_answer_that_cannot_be_written_does_not_hold_up_the_others(api_only: House) -> None:
    batch = await queued(api_only)
    async with claimed(api_only, batch) as held:
        keeper = held.keeper()
        keeping = asyncio.create_task(keeper.keep())

        first, poison, last = held.leased
        keeper.add(Verdict(first.id, State.SENT))
        keeper.add(Verdict(poison.id, State.FAILED, meta_code=2**40))
        keeper.add(Verdict(last.id, State.SENT))
        await keeper.finish(keeping)

    counts = (await api_only.get("/v1/batches"))["data"][0]["counts"]
    assert {"sent": 2, "sending": 1} == counts


async def test_no_answer_is_given_up_because_the_database_can_only_be_read(
    api_only: House, database: TestDatabase
) -> None:
    """As a full disk, or a standby that was reached by mistake: it answers, and refuses whatever is written."""
    batch = await queued(api_only)
    admin = await asyncpg.connect(database.admin_url)
    async with claimed(api_only, batch) as held:
        keeper = held.keeper()
        await _only_reading(admin, database.name, on=True)
        keeping = asyncio.create_task(keeper.keep())
        for message in held.leased:
            keeper.add(Verdict(message.id, State.SENT))
        await asyncio.sleep(1)  # the set is refused, and each of it alone
        await _only_reading(admin, database.name, on=False)
        await keeper.finish(keeping)
    states = await admin.fetch("SELECT state FROM toplu.outcomes")
    await admin.close()

    assert ["sent"] * 3 == [row["state"] for row in states]


async def _only_reading(admin: "asyncpg.Connection[Any]", name: str, *, on: bool) -> None:
    await admin.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {"on" if on else "off"}')
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()", name
    )


async def test_an_answer_waits_while_others_hold_what_it_is_written_to(api_only: House, database: TestDatabase) -> None:
    """The set cannot be written, and then not one of its answers either: none is forgotten for that."""
    batch = await queued(api_only)
    other, watcher = await asyncpg.connect(database.admin_url), await asyncpg.connect(database.admin_url)
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE $1"
    async with claimed(api_only, batch) as held:
        keeper = held.keeper()
        async with asyncio.timeout(30), other.transaction():
            await other.execute("LOCK TABLE toplu.outcomes IN ACCESS EXCLUSIVE MODE")
            keeping = asyncio.create_task(keeper.keep())
            for message in held.leased:
                keeper.add(Verdict(message.id, State.SENT))
            for _ in range(3):  # the set, then one alone, then the next
                while not await watcher.fetchval(ended, "%wamid_hash%"):
                    await asyncio.sleep(0.01)
        await keeper.finish(keeping)
    await other.close()
    await watcher.close()

    counts = (await api_only.get("/v1/batches"))["data"][0]["counts"]
    assert {"sent": 3} == counts


async def test_the_code_of_an_answer_that_promises_nothing_stands_in_the_log_and_not_on_the_message(
    api_only: House,
) -> None:
    batch = await queued(api_only, 1)
    async with claimed(api_only, batch) as held, held.run.db.begin(held.hold.tenant) as session:
        unsure = verdict_of(held.leased[0], Uncertain("meta_unsure", 987_654))
        await record(session, held.hold, held.keys, [unsure])

    (message,) = await api_only.messages(encode("bat", batch))
    events = (await api_only.get(f"/v1/messages/{message['id']}/events"))["data"]
    assert ("uncertain", 987_654) == (events[-1]["kind"], events[-1]["meta_code"])
    assert ("uncertain", None) == (message["state"], message.get("meta_code"))


async def test_recording_twice_writes_nothing_the_second_time(api_only: House) -> None:
    batch = await queued(api_only)
    async with claimed(api_only, batch) as held:
        for _ in range(2):
            keeper = held.keeper()
            keeping = asyncio.create_task(keeper.keep())
            for message in held.leased:
                keeper.add(Verdict(message.id, State.SENT))
            await keeper.finish(keeping)

    counts = (await api_only.get("/v1/batches"))["data"][0]["counts"]
    assert {"sent": 3} == counts


async def test_an_answer_that_is_written_again_does_not_touch_a_later_claim(api_only: House) -> None:
    """The first write was committed and its confirmation lost; meanwhile the same line claimed the message anew."""
    batch = await queued(api_only)
    async with claimed(api_only, batch) as held:
        async with held.run.db.begin(held.hold.tenant) as session:
            back = [replace(verdict_of(message, NotSent("refused")), retry_s=0.0) for message in held.leased]
            first = await record(session, held.hold, held.keys, back)
        claimed_anew = await claim(held.run, held.hold, batch)
        async with held.run.db.begin(held.hold.tenant) as session:
            again = await record(session, held.hold, held.keys, back)

    counts = (await api_only.get("/v1/batches"))["data"][0]["counts"]
    assert (3, 3, 0) == (first, len(claimed_anew.leased), again)
    assert {"sending": 3} == counts
