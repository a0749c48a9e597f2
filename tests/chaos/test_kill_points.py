"""A worker dies by kill -9 at each point of a message's way, and its rows are exactly what they must be.

The points are met from outside: a proxy holds the answer of a COMMIT, a statement or an HTTP answer, and then the
worker is killed. Nothing in the product knows of it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from pydantic import SecretStr

from app.kit.ids import decode
from tests.chaos.proxy import Proxy, Trap
from tests.conftest import Servers, TestDatabase
from tests.house import House, open_house, phone
from tests.worker_process import WorkerProcess

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, slots=True)
class Point:
    """Where the worker dies; what its messages are then, after their lease, and when the webhooks have come."""

    name: str
    trap: Trap
    dead: str
    after: str
    told: str
    seen: bool  # WhatsApp has the messages
    over_http: bool = False
    size: int = 3


POINTS = [
    Point("claimed, and the worker does not know", Trap("commit", "after", "hold", of="claim"),
          "sending", "uncertain", "uncertain", seen=False),
    Point("posting, and WhatsApp has nothing", Trap("request", "before", "hold", times=3),
          "sending", "uncertain", "uncertain", seen=False, over_http=True),
    Point("posting, and WhatsApp has it", Trap("request", "after", "hold", times=3),
          "sending", "uncertain", "delivered", seen=True, over_http=True),
    Point("answered, and not yet recorded", Trap("bind", "before", "hold", of="record"),
          "sending", "uncertain", "delivered", seen=True),
    Point("recorded, and not committed", Trap("commit", "before", "hold", of="record"),
          "sending", "uncertain", "delivered", seen=True),
    Point("recorded, and the worker does not know", Trap("commit", "after", "hold", of="record"),
          "sent", "sent", "delivered", seen=True, size=1),  # one: a set of three may be recorded in two
    # the last: its messages are still there for the next worker
    Point("claimed, and not committed", Trap("commit", "before", "hold", of="claim"),
          "queued", "sent", "delivered", seen=True),
]  # fmt: skip


@dataclass(slots=True)
class Scene:
    """A house whose workers speak through proxies."""

    house: House
    database: Proxy
    whatsapp: Proxy
    admin: asyncpg.Connection
    logs: Path
    batches: dict[str, str] = field(default_factory=dict)

    async def die_at(self, point: Point, phones: list[str]) -> dict[str, int]:
        """Send a batch, let the worker come to the point, kill it there. Returns the states of its messages."""
        proxy = self.whatsapp if point.over_http else self.database
        trap = proxy.set(point.trap)
        batch = await self.house.send(*phones)
        self.batches[point.name] = batch["id"]
        settings = self.house.settings
        url = settings.database_url.get_secret_value()
        through = SecretStr(url.replace(f":{urlsplit(url).port}/", f":{self.database.port}/"))
        to_whatsapp = f"http://127.0.0.1:{self.whatsapp.port}"
        log = self.logs / "worker.log"
        with WorkerProcess(settings, log, database_url=through, whatsapp_url=to_whatsapp) as worker:
            async with asyncio.timeout(60):
                await trap.sprung.wait()
                while point.over_http and (trap.times or len(await self.accepted_of(point)) < len(phones) * point.seen):
                    await asyncio.sleep(0.05)  # what is left of a trap would spring at the next point
            worker.kill()
        trap.drop()
        await self._forget_line()
        return await self.states(point)

    async def accepted_of(self, point: Point) -> set[str]:
        """Which of the point's messages WhatsApp has."""
        rows = await self.admin.fetch("SELECT id::text FROM messages WHERE batch_id = $1", self._batch(point))
        return {row["id"] for row in rows} & set(self.house.accepted())

    async def states(self, point: Point) -> dict[str, int]:
        """How many messages of the point's batch are in each state."""
        rows = await self.admin.fetch(
            "SELECT coalesce(o.state, d.state) AS state FROM messages AS m LEFT JOIN outcomes AS o ON o.id = m.id"
            " LEFT JOIN dispatch AS d ON d.id = m.id WHERE m.batch_id = $1",
            self._batch(point),
        )
        return dict(Counter(row["state"] for row in rows))

    async def until(self, wanted: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
        """The states of every point as soon as they are so, or what they are after 15 s."""
        now: dict[str, dict[str, int]] = {}
        for _ in range(150):
            now = {point.name: await self.states(point) for point in POINTS}
            if now == wanted:
                break
            await asyncio.sleep(0.1)
        return now

    def _batch(self, point: Point) -> object:
        return decode("bat", self.batches[point.name])

    async def _forget_line(self) -> None:
        """The dead worker's hold of the line is over."""
        await self.admin.execute("UPDATE sender_lines SET lease_until = '-infinity'")

    async def forget_leases(self) -> None:
        """Time passes for the database: what the dead had under way is over."""
        await self._forget_line()
        await self.admin.execute("UPDATE dispatch SET lease_until = '-infinity' WHERE state = 'sending'")


@asynccontextmanager
async def open_scene(servers: Servers, database: TestDatabase, place: Path) -> AsyncIterator[Scene]:
    """The house with its proxies; webhooks are held back until somebody lets them go."""
    quiet = {"hold_webhooks": True, "read_share": 0.0}
    async with open_house(database.url, servers.valkey.url, place, worker=False, knobs=quiet) as house:
        assert house.sandbox is not None
        sandbox = house.sandbox
        to_postgres = await Proxy.start(lambda: ("127.0.0.1", servers.postgres.port), speaks="postgres")
        to_whatsapp = await Proxy.start(lambda: ("127.0.0.1", sandbox.port), speaks="http")
        admin = await asyncpg.connect(database.admin_url)
        await admin.execute("SET search_path = toplu, public")
        try:
            yield Scene(house, to_postgres, to_whatsapp, admin, place)
        finally:
            await admin.close()
            await to_postgres.close()
            await to_whatsapp.close()


async def test_a_worker_that_dies_at_any_point_leaves_exactly_what_it_must(
    servers: Servers, database: TestDatabase, tmp_path: Path
) -> None:
    async with open_scene(servers, database, tmp_path) as scene:
        house = scene.house
        await house.consent(*[phone(n) for n in range(3)])

        dead = {point.name: await scene.die_at(point, [phone(n) for n in range(point.size)]) for point in POINTS}
        await scene.forget_leases()
        await house.start_worker()
        after = await scene.until({point.name: {point.after: point.size} for point in POINTS})
        assert house.sandbox is not None
        await asyncio.to_thread(house.sandbox.knobs, hold_webhooks=False)
        told = await scene.until({point.name: {point.told: point.size} for point in POINTS})
        seen = {point.name: len(await scene.accepted_of(point)) for point in POINTS}

        assert {point.name: {point.dead: point.size} for point in POINTS} == dead
        assert {point.name: {point.after: point.size} for point in POINTS} == after
        assert {point.name: {point.told: point.size} for point in POINTS} == told
        assert {point.name: point.size * point.seen for point in POINTS} == seen
        assert len(set(house.accepted())) == len(house.accepted())
