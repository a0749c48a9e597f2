"""Two workers, two lines: whoever began with both gives one away, and nothing is lost or doubled by it."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from app.dispatch import line
from app.dispatch.lines import Lines
from app.kit.ids import decode, new_id
from app.runtime import open_runtime
from tests.conftest import Servers, TestDatabase
from tests.furnish import made
from tests.house import House, open_house, phone
from tests.sandbox_process import TOKEN, WABA_ID

pytestmark = pytest.mark.anyio

SECOND = "100000000000002"
PEOPLE = 120


@pytest.fixture
async def sending(servers: Servers, database: TestDatabase, tmp_path: Path) -> AsyncIterator[tuple[House, list[str]]]:
    """A house with two senders of 40 messages a second, and a batch of three seconds on each; nobody drains yet."""
    async with open_house(database.url, servers.valkey.url, tmp_path, worker=False, poll_s=0.5) as house:
        assert house.sandbox is not None
        house.sandbox.control.post("/sandbox/numbers", json={"id": SECOND, "waba_id": WABA_ID}).raise_for_status()
        registered = {
            "name": "Second",
            "phone_number_id": SECOND,
            "waba_id": WABA_ID,
            "display_phone_number": "+90 850 000 00 02",
            "access_token": TOKEN,
        }
        senders = [house.tenant.sender, (await made(house.client, "/v1/senders", registered))["id"]]
        phones = [phone(number) for number in range(PEOPLE)]
        await house.consent(*phones)
        batches = []
        for sender in senders:
            slow = await house.client.patch(f"/v1/senders/{sender}", json={"messages_per_second": 40})
            assert slow.is_success, slow.text
            batches.append((await house.send(*phones, sender=sender))["id"])
        yield house, batches


@pytest.fixture
async def workers(sending: tuple[House, list[str]]) -> AsyncIterator[tuple[Lines, Lines]]:
    """The lines of two workers that live; the first of them drains both."""
    house, _ = sending
    async with open_runtime(house.settings, "worker") as run, open_runtime(house.settings, "worker") as other:
        first, second = Lines(run), Lines(other)
        for lines in (first, second):
            await lines.beat()
        await first.wake_due()
        await so(lambda: len(first._working) == 2)
        try:
            yield first, second
        finally:
            await asyncio.gather(first.stop(), second.stop())


async def so(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline, "never so"
        await asyncio.sleep(0.01)


async def test_whoever_began_with_both_lines_gives_one_away_and_each_person_is_written_to_once(
    sending: tuple[House, list[str]], workers: tuple[Lines, Lines]
) -> None:
    house, batches = sending
    first, second = workers
    await first.share()
    await so(lambda: len(first._drains) == 1)
    await first.wake_due()  # it looks before the other one does
    kept = len(first._drains)
    await second.wake_due()
    await so(lambda: len(second._working) == 1)
    for lines in (first, second):
        lines._given, lines._share_after = None, 0.0  # as if long ago
        await lines.share()

    level = (kept, len(first._drains), len(second._drains), first._given, second._given)
    for batch in batches:
        await house.until(batch, lambda body: body["state"] == "completed")
    everyone = [str(decode("msg", one["id"])) for batch in batches for one in await house.messages(batch)]
    assert (1, 1, 1, None, None) == level
    assert 2 * PEOPLE == len(everyone)
    assert Counter(everyone) == Counter(house.accepted())


async def test_a_line_that_nobody_takes_goes_back_to_whoever_gave_it_and_nothing_is_given_for_a_while(
    workers: tuple[Lines, Lines],
) -> None:
    first, _ = workers
    await first.share()
    await so(lambda: len(first._drains) == 1)

    deadline = time.monotonic() + 10
    while len(first._drains) < 2 and time.monotonic() < deadline:
        await first.wake_due()
        await asyncio.sleep(0.05)
    await first.share()

    assert (2, None) == (len(first._drains), first._given)


async def test_a_line_with_a_slow_answer_is_not_given_away_and_goes_on(
    sending: tuple[House, list[str]], workers: tuple[Lines, Lines], monkeypatch: pytest.MonkeyPatch
) -> None:
    house, batches = sending
    first, second = workers
    assert house.sandbox is not None
    await asyncio.to_thread(house.sandbox.knobs, latency_ms=1500)
    await asyncio.sleep(0.2)  # what is posted now has no answer for longer than the line may rest
    monkeypatch.setattr(line, "GIVE_WITHIN_S", 0.5)

    await first.share()
    given = first._given
    assert given is not None
    await so(lambda: first._working[given].give_by is None)
    await asyncio.to_thread(house.sandbox.knobs, latency_ms=0)
    await first.share()
    await second.wake_due()

    assert (2, 0, None) == (len(first._drains), len(second._drains), first._given)
    for batch in batches:
        await house.until(batch, lambda body: body["state"] == "completed")


@pytest.mark.parametrize(
    "so_that",
    [
        "DELETE FROM toplu.heartbeats WHERE worker_id = $1",
        "UPDATE toplu.heartbeats SET seen_at = now() - interval '9 s' WHERE worker_id = $1",
    ],
    ids=["it left", "it was killed"],
)
async def test_a_worker_that_is_not_there_is_given_nothing(
    workers: tuple[Lines, Lines], database: TestDatabase, so_that: str
) -> None:
    first, second = workers
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute(so_that, second.owner)
    await admin.close()

    await first.share()

    assert first._given is None


async def test_one_line_more_is_as_level_as_it_gets(
    sending: tuple[House, list[str]], workers: tuple[Lines, Lines], database: TestDatabase
) -> None:
    first, second = workers
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("SET session_replication_role = replica")  # there is no such sender
    await admin.execute(
        "INSERT INTO toplu.sender_lines (tenant_id, sender_id, owner, lease_until) SELECT tenant_id, $1, $2, 'infinity'"
        " FROM toplu.sender_lines LIMIT 1",
        *(new_id(), second.owner),
    )
    await admin.close()

    await first.share()

    assert (2, None) == (len(first._drains), first._given)


@pytest.mark.parametrize("poll_s", [0.0, 30.0], ids=["no looks", "rare looks"])
async def test_without_frequent_looks_nothing_is_given_because_the_line_would_rest_for_long(
    workers: tuple[Lines, Lines], poll_s: float
) -> None:
    first, _ = workers
    first.run = replace(first.run, settings=first.run.settings.model_copy(update={"poll_s": poll_s}))

    await first.share()

    assert first._given is None


async def test_a_worker_that_drains_its_last_answers_is_given_nothing_any_more(
    sending: tuple[House, list[str]], workers: tuple[Lines, Lines], database: TestDatabase
) -> None:
    sandbox = sending[0].sandbox
    assert sandbox is not None
    await asyncio.to_thread(sandbox.knobs, latency_ms=1000)
    await asyncio.sleep(0.2)
    first, second = workers
    admin = await asyncpg.connect(database.admin_url)
    ending = asyncio.create_task(first.stop())
    while await admin.fetchval("SELECT count(*) FROM toplu.heartbeats WHERE worker_id = $1", first.owner):
        await asyncio.sleep(0.001)
    still = len(first._drains)
    await first.beat()
    await ending
    alive = [row["worker_id"] for row in await admin.fetch("SELECT worker_id FROM toplu.heartbeats")]
    await admin.close()

    assert 2 == still
    assert [second.owner] == alive
