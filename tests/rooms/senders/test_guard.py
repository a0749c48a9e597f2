"""A database that was restored sends nothing until somebody has dealt with what it forgot."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest

from app.cli.errors import Stop
from app.cli.restore_guard import Assurance, find_status, release, show_status, turn_on
from app.inbound.take_owed import take_owed
from app.kit.ids import decode, encode
from app.runtime import Runtime, open_runtime
from app.senders.guard import Guard, find_guarded
from app.senders.hold import hold_line
from tests.conftest import LOGIN, Servers, TestDatabase
from tests.house import House, open_house, phone, settings_for
from tests.rooms.dispatch.test_claim import claim, hold_of, queued

pytestmark = pytest.mark.anyio

ASSURED = Assurance("Ayşe Yılmaz", withdrawals_entered=True, nothing_was_sent=False)
NOTHING_WAS_SENT = Assurance("Ayşe Yılmaz", withdrawals_entered=True, nothing_was_sent=True)


@pytest.fixture(scope="module")
async def keep(
    servers: Servers, module_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """One HTTP door for this module; each test leaves the database released."""
    place = tmp_path_factory.mktemp("keep")
    async with open_house(module_database.url, servers.valkey.url, place, worker=False, sandbox=False) as opened:
        yield opened


@asynccontextmanager
async def worker_of(house: House) -> AsyncIterator[Runtime]:
    async with open_runtime(house.settings, "worker") as run:
        yield run


async def restored(database: TestDatabase, change: str) -> None:
    """As if another database stood here: what is written down about it is not what it is."""
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute(f"UPDATE toplu.restore_guard SET {change}")
    await connection.close()


async def test_a_copy_of_a_database_that_a_worker_saw_is_quarantined_at_the_first_look(servers: Servers) -> None:
    servers.postgres.sql(f"CREATE DATABASE guarded_original TEMPLATE toplu_test_template OWNER {LOGIN}")
    try:
        for name in ("guarded_original", "guarded_copy"):
            url = servers.url(name)
            async with open_runtime(settings_for(url, servers.valkey.url, "http://127.0.0.1:9"), "worker") as run:
                before = await find_guarded(run)
                guard = Guard(run)
                await guard.look()
                seen = await find_guarded(run)
            if name == "guarded_original":
                assert (True, False, True) == (before.allowed, guard.quarantined, seen.allowed)
                servers.postgres.sql(f"CREATE DATABASE guarded_copy TEMPLATE guarded_original OWNER {LOGIN}")

        assert not before.allowed  # also before anybody looked
        assert (True, "another_database") == (guard.quarantined, seen.reason)
    finally:
        for name in ("guarded_copy", "guarded_original"):
            servers.postgres.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("system_identifier = system_identifier + 1", "another_cluster"),
        ("timeline = '000000FF'", "another_timeline"),
        ("table_oid = 1", "loaded_again"),
        ("seen_at = seen_at - interval '1 minute'", "went_back"),
    ],
)
async def test_every_kind_of_restore_is_noticed_and_nothing_is_claimed(
    keep: House, module_database: TestDatabase, change: str, reason: str
) -> None:
    async with worker_of(keep) as run:
        await Guard(run).look()
        hold = await hold_of(keep, run.db)
        batch = await queued(keep)
        await restored(module_database, change)

        if reason == "went_back":  # only the hint tells
            await Guard(run).look()
        page = await claim(run, hold, batch)
        async with run.db.begin(hold.tenant) as session:
            line = await hold_line(session, hold.tenant, hold.sender, "another", lease_s=60)
        replies = await take_owed(run, hold.tenant)
        await Guard(run).look()
        guarded = await find_guarded(run)

    assert (0, None, []) == (page.seen, line, replies)
    assert (reason, False) == (guarded.reason, guarded.allowed)
    await release(keep.settings, NOTHING_WAS_SENT)


async def test_what_may_have_been_sent_becomes_uncertain_and_what_came_later_is_sent(
    keep: House, module_database: TestDatabase
) -> None:
    async with worker_of(keep) as run:
        await Guard(run).look()
        batch = await queued(keep)
        later = (await keep.send(phone(0), send_at="2099-01-01T00:00:00Z"))["id"]
        hold = await hold_of(keep, run.db)
        await turn_on(keep.settings)
        status = await find_status(keep.settings)
        ready = await keep.client.get("/readyz")
        new = decode("bat", (await keep.send(phone(0)))["id"])

        uncertain = await release(keep.settings, ASSURED)
        await Guard(run).look()
        stale = await claim(run, hold, new)
        fresh = await hold_of(keep, run.db)
        page = await claim(run, fresh, new)

    told = await keep.messages(encode("bat", batch))
    assert status.doubtful == uncertain >= 3
    assert ("warn", "Quarantined") == (ready.json()["status"], ready.json()["checks"]["sending"][0]["output"])
    assert {"uncertain"} == {one["state"] for one in told}
    assert all("restored to an earlier time" in one["why"] for one in told)
    assert ["queued"] == [one["state"] for one in await keep.messages(later)]
    assert (0, 1) == (stale.seen, page.seen)
    assert fresh.fence >= hold.fence + 1_000_000
    assert await _audited(module_database, keep.tenant.id)


async def test_a_release_wants_a_name_and_the_withdrawals(keep: House) -> None:
    for assured in (Assurance(" ", True, False), Assurance("Ayşe", False, False)):
        with pytest.raises(Stop):
            await release(keep.settings, assured)
    with pytest.raises(Stop, match="Nothing is quarantined"):
        await release(keep.settings, ASSURED)


async def test_a_hint_that_is_no_moment_stops_nobody(keep: House) -> None:
    async with worker_of(keep) as run:
        await Guard(run).look()
        guarded = await find_guarded(run)
        for nonsense in ("", "-1", "tomorrow", "9" * 400, "é"):
            await run.bells.remember(f"toplu:seen:{guarded.installation}", nonsense, days=1)
            guard = Guard(run)
            await guard.look()

            assert not guard.quarantined


async def test_the_status_says_since_when_and_what_to_do(keep: House) -> None:
    await turn_on(keep.settings)
    shut = show_status(await find_status(keep.settings))
    await release(keep.settings, NOTHING_WAS_SENT)
    free = show_status(await find_status(keep.settings))

    assert "an operator said so" in shut[0]
    assert "toplu restore-guard release" in shut[-1]
    assert free[0].startswith("ok ")


async def _audited(database: TestDatabase, tenant: UUID) -> bool:
    connection = await asyncpg.connect(database.admin_url)
    detail: str | None = await connection.fetchval(
        "SELECT detail->>'released_by' FROM toplu.audit_events WHERE tenant_id = $1 AND action = 'restore.dealt_with'"
        " ORDER BY id DESC LIMIT 1",
        tenant,
    )
    await connection.close()
    return detail == ASSURED.by
