"""What a claim asks beside the gate."""

import asyncio
from datetime import timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from app.dispatch.flow.lease import Page, TimeLevel, lease
from app.dispatch.held import Hold
from app.dispatch.pacing.lanes import LANES
from app.dispatch.pause import stop_template
from app.dispatch.queries import due_batches
from app.kit.clock import utc_now
from app.kit.db import Database
from app.kit.ids import decode
from app.purposes.contact import ContactRules
from app.purposes.hours import QuietHours
from app.runtime import Runtime, open_runtime
from app.senders.hold import hold_line
from tests.conftest import Servers, TestDatabase
from tests.house import House, open_house, phone

pytestmark = pytest.mark.anyio


async def hold_of(house: House, db: Database) -> Hold:
    tenant, sender = house.tenant.id, decode("snd", house.tenant.sender)
    async with db.begin(tenant) as session:
        line = await hold_line(session, tenant, sender, "test", lease_s=60)
    assert line is not None
    return Hold(tenant, sender, "test", line.fence)


async def claim(run: Runtime, hold: Hold, batch: UUID) -> Page:
    async with run.db.begin(hold.tenant) as session:
        return await lease(session, hold, batch, size=10, lease_s=60, expires_at=utc_now().replace(year=2099))


async def queued(house: House, count: int = 3) -> UUID:
    await house.consent(*[phone(n) for n in range(count)])
    return decode("bat", (await house.send(*[phone(n) for n in range(count)]))["id"])


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("/v1/batches/{batch}/pause", None),
        ("/v1/batches/{batch}/cancel", None),
        ("/v1/senders/{sender}", {"state": "paused"}),
        ("/v1/templates/{template}", {"status": "paused"}),
        ("/v1/templates/{template}", {"purposes": ["new_product_announcement"]}),
    ],
    ids=["batch paused", "batch cancelled", "sender paused", "template paused", "template bound to something else"],
)
async def test_nothing_is_claimed_after_what_forbids_it_has_committed(
    api_only: House, what: str, change: dict[str, str | list[str]] | None
) -> None:
    batch = await queued(api_only)
    templates = (await api_only.get("/v1/templates"))["data"]
    names = {
        "batch": (await api_only.get("/v1/batches"))["data"][0]["id"],
        "sender": api_only.tenant.sender,
        "template": next(row["id"] for row in templates if row["name"] == "autumn_offer"),
    }
    async with open_runtime(api_only.settings, "worker") as run:
        hold = await hold_of(api_only, run.db)
        method = "POST" if change is None else "PATCH"
        answer = await api_only.client.request(method, what.format(**names), json=change)

        page = await claim(run, hold, batch)

    assert answer.is_success, answer.text
    assert 0 == page.seen


@pytest.mark.parametrize("review", ["rejected", "needs_review"])
async def test_nothing_is_claimed_after_its_words_were_stopped(
    api_only: House, database: TestDatabase, review: str
) -> None:
    batch = await queued(api_only)
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("UPDATE toplu.templates SET review = $1", review)
    await admin.close()
    async with open_runtime(api_only.settings, "worker") as run:
        hold = await hold_of(api_only, run.db)
        async with run.db.begin(hold.tenant) as session:
            due = await due_batches(session, hold.tenant, hold.sender, after=dict.fromkeys(LANES))

        page = await claim(run, hold, batch)

    assert ([], 0) == (due, page.seen)


async def test_a_pause_waits_for_the_claim_under_way_so_that_none_commits_after_it(
    api_only: House, database: TestDatabase
) -> None:
    batch = await queued(api_only)
    shown = (await api_only.get("/v1/batches"))["data"][0]["id"]
    admin = await asyncpg.connect(database.admin_url)
    async with open_runtime(api_only.settings, "worker") as run:
        hold = await hold_of(api_only, run.db)
        async with run.db.begin(hold.tenant) as session:
            page = await lease(session, hold, batch, size=1, lease_s=60, expires_at=utc_now().replace(year=2099))
            pausing = asyncio.create_task(api_only.client.post(f"/v1/batches/{shown}/pause"))
            waiting = 0
            while not waiting and not pausing.done():
                waiting = await admin.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted")
        paused = await pausing
        after = await claim(run, hold, batch)
        await api_only.client.post(f"/v1/batches/{shown}/resume")
        rest = await claim(run, hold, batch)
    await admin.close()

    assert waiting  # the pause commits after the claim, and not between its decision and its commit
    assert ("paused", {"queued": 2, "sending": 1}) == (paused.json()["state"], paused.json()["counts"])
    assert (1, 0, 2) == (len(page.leased), after.seen, len(rest.leased))  # and going on loses and repeats nothing


async def test_a_batch_that_waits_is_not_claimed_and_a_longer_wait_stays(
    api_only: House, database: TestDatabase
) -> None:
    """Whoever believes for a moment longer that it is due asks for a page of it, or puts it off for something else."""
    batch = await queued(api_only)
    admin = await asyncpg.connect(database.admin_url)
    async with open_runtime(api_only.settings, "worker") as run:
        hold = await hold_of(api_only, run.db)
        async with run.db.begin(hold.tenant) as session:
            await stop_template(session, hold.tenant, batch, 132015, 3 * 3600)

        page = await claim(run, hold, batch)
        now, hour = utc_now(), timedelta(hours=1)
        quiet = ContactRules((QuietHours((now - hour).time(), (now + hour).time(), ZoneInfo("UTC")),), None, None)
        async with run.db.begin(hold.tenant) as session:
            level, far = TimeLevel(now, quiet), now.replace(year=2099)
            await lease(session, hold, batch, size=1, lease_s=60, expires_at=far, time_level=level)
        waits = await admin.fetchval("SELECT waits_for FROM toplu.batches WHERE id = $1", batch)
    await admin.close()

    assert (0, []) == (page.seen, page.leased)
    assert "template_paused" == waits


async def test_a_line_that_changed_hands_claims_nothing_for_its_old_holder(api_only: House) -> None:
    batch = await queued(api_only)
    async with open_runtime(api_only.settings, "worker") as run:
        hold = await hold_of(api_only, run.db)

        page = await claim(run, Hold(hold.tenant, hold.sender, hold.owner, hold.fence - 1), batch)

    assert 0 == page.seen


async def test_a_whatsapp_that_cannot_be_reached_silences_the_line(
    servers: Servers, database: TestDatabase, tmp_path: Path
) -> None:
    async with open_house(database.url, servers.valkey.url, tmp_path, sandbox=False) as house:
        await queued(house, 100)
        connection = await asyncpg.connect(database.admin_url)
        scope = None
        for _ in range(200):
            scope = await connection.fetchval("SELECT halted_scope FROM toplu.sender_lines")
            if scope is not None:
                break
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        uncertain = await connection.fetchval("SELECT count(*) FROM toplu.outcomes")
        left = await connection.fetchval("SELECT count(*) FROM toplu.dispatch WHERE state = 'queued'")
        await connection.close()

    assert "no_answers" == scope
    assert (0, 100) == (uncertain, left)
