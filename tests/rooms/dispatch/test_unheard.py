"""A claim was committed and nobody heard so: what the worker never saw goes back; what it posted never does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from app.dispatch.flow.lease import Page
from app.dispatch.keep import Keeper
from app.dispatch.line import Drain
from app.dispatch.lines import Lines
from app.inbound.settle import settle_pending
from app.kit.clock import uptime_s
from app.kit.ids import decode
from app.runtime import Runtime, open_runtime
from app.senders.hold import hold_line
from app.whatsapp.codes import ErrorClass
from app.whatsapp.outcomes import Rejected
from tests.chaos.proxy import Proxy, Trap
from tests.conftest import Servers, TestDatabase
from tests.house import House
from tests.rooms.dispatch.test_claim import claim, hold_of, queued

pytestmark = pytest.mark.anyio

ROWS = """
SELECT d.state, d.attempts, array_agg(e.kind || coalesce(':' || e.reason, '') ORDER BY e.id) AS log
  FROM toplu.dispatch AS d JOIN toplu.delivery_events AS e ON e.message_id = d.id GROUP BY d.id
"""


async def test_messages_of_a_claim_whose_commit_was_not_heard_go_back_and_were_no_attempt(
    api_only: House, servers: Servers, database: TestDatabase
) -> None:
    await queued(api_only, 3)
    async with worker_behind(api_only, servers) as (run, proxy):
        trap = proxy.set(Trap("commit", "after", "cut", of="claim"))
        lines = Lines(run)
        lines.wake(decode("snd", api_only.tenant.sender), api_only.tenant.id)
        await asyncio.wait_for(trap.sprung.wait(), 20)
        lines.stopping.set()
        await lines.stop()

    rows = await fetch(database, ROWS)
    assert [("queued", 0, ["sending", "returned:claim_unheard"])] * 3 == [tuple(row) for row in rows]


@pytest.mark.parametrize("written", [True, False], ids=["every answer is on disk", "one answer is not"])
async def test_what_was_handed_out_goes_back_only_if_every_answer_is_on_disk(
    api_only: House, database: TestDatabase, *, written: bool
) -> None:
    """`sending` under this fence is also what was posted and has no answer yet. Only the count tells them apart."""
    batch = await queued(api_only, 3)
    async with open_runtime(api_only.settings, "worker") as run:
        drain, page = await drain_of(run, api_only, batch)
        drain._unheard_until = uptime_s() + 60
        drain._claimed = 0 if written else len(page.leased)  # none of the three was handed out, or all of them were

        await drain._leave()

    states = [row["state"] for row in await fetch(database, ROWS)]
    assert [["sending"] * 3, ["queued"] * 3][written] == states


async def test_what_nobody_heard_of_goes_back_also_when_the_database_is_away_for_a_while(
    api_only: House, servers: Servers, database: TestDatabase
) -> None:
    batch = await queued(api_only, 3)
    async with worker_behind(api_only, servers) as (run, proxy):
        drain, _ = await drain_of(run, api_only, batch)
        drain._unheard_until = uptime_s() + 60
        await proxy.refuse()
        leaving = asyncio.create_task(drain._leave())
        await asyncio.sleep(3)  # a restart of PostgreSQL takes longer than a moment
        await proxy.listen()
        await asyncio.wait_for(leaving, 20)

    assert ["queued"] * 3 == [row["state"] for row in await fetch(database, ROWS)]


async def test_webhooks_that_were_taken_and_nobody_heard_so_are_laid_back(
    api_only: House, servers: Servers, database: TestDatabase
) -> None:
    await fetch(database, "INSERT INTO toplu.webhook_queue (raw_id, urgent) VALUES (gen_random_uuid(), false)")
    async with worker_behind(api_only, servers) as (run, proxy):
        proxy.set(Trap("commit", "after", "cut", of="take"))
        with pytest.raises(DBAPIError):
            await settle_pending(run, 10)

    left = await fetch(database, "SELECT tries, due_at <= clock_timestamp() AS due FROM toplu.webhook_queue")
    assert [(0, True)] == [tuple(row) for row in left]


async def test_what_a_refusal_says_of_the_person_is_written_when_the_database_is_back(
    api_only: House, servers: Servers, database: TestDatabase
) -> None:
    batch = await queued(api_only, 1)
    async with worker_behind(api_only, servers) as (run, proxy):
        drain, page = await drain_of(run, api_only, batch)
        (message,) = page.leased
        await proxy.refuse()
        refused = Rejected(131050, ErrorClass.NEVER_RECIPIENT)
        drawing = asyncio.create_task(drain.breaker.draw(message, refused, until=uptime_s() + 30))
        await asyncio.sleep(1)
        await proxy.listen()
        await asyncio.wait_for(drawing, 20)

    raised = await fetch(database, "SELECT raised_by FROM toplu.suppressions")
    assert ["platform"] == [row["raised_by"] for row in raised]


async def test_a_line_whose_lease_was_over_meanwhile_is_left_at_once_and_not_taken_again(api_only: House) -> None:
    batch = await queued(api_only, 1)
    async with open_runtime(api_only.settings, "worker") as run:
        drain, _ = await drain_of(run, api_only, batch)
        drain._held_until = 1.0  # it holds the line, and has to renew it
        await hold_of(api_only, run.db)  # whose lease was over: it has another fence now

        kept = [await drain._keep_line() for _ in range(2)]
        async with run.db.begin(drain.tenant) as session:
            free = await hold_line(session, drain.tenant, drain.sender, "another", lease_s=60)

    assert [False, False] == kept
    assert free is not None


async def test_a_line_that_its_worker_takes_again_has_another_fence(api_only: House) -> None:
    async with open_runtime(api_only.settings, "worker") as run:
        first, again = await hold_of(api_only, run.db), await hold_of(api_only, run.db)

    assert again.fence == first.fence + 1


async def drain_of(run: Runtime, house: House, batch: UUID) -> tuple[Drain, Page]:
    """A drain of the line that just claimed the batch."""
    drain = await Lines(run)._open(decode("snd", house.tenant.sender), house.tenant.id)
    assert drain is not None
    drain.hold = await hold_of(house, run.db)
    drain.owner = drain.hold.owner
    drain.keeper = Keeper(run, drain.tenant, drain.keys, drain.hold)
    return drain, await claim(run, drain.hold, batch)


@asynccontextmanager
async def worker_behind(house: House, servers: Servers) -> AsyncIterator[tuple[Runtime, Proxy]]:
    """A worker's runtime that reaches the database through a proxy."""
    proxy = await Proxy.start(lambda: ("127.0.0.1", servers.postgres.port), speaks="postgres")
    url = house.settings.database_url.get_secret_value()
    through = SecretStr(url.replace(f":{urlsplit(url).port}/", f":{proxy.port}/"))
    try:
        async with open_runtime(house.settings.model_copy(update={"database_url": through}), "worker") as run:
            yield run, proxy
    finally:
        await proxy.close()


async def fetch(database: TestDatabase, sql: str) -> list[asyncpg.Record]:
    """Rows as the superuser sees them."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        rows: list[asyncpg.Record] = await connection.fetch(sql)
        return rows
    finally:
        await connection.close()
