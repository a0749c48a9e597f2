"""The people an account may reach in a day, counted in the claim; and what a sender's capacity says of it."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.dispatch.flow.lease import Page, lease
from app.dispatch.held import Hold
from app.dispatch.sweep import sweep
from app.kit.clock import utc_now
from app.kit.ids import decode
from app.runtime import Runtime, open_runtime
from app.senders.budget import hold_budget
from app.senders.guard import quarantine
from app.senders.hold import Spoken, hold_line, leave_line
from tests.conftest import Servers, TestDatabase
from tests.furnish import made
from tests.house import House, open_house, phone
from tests.rooms.terms_of import publish, text_of
from tests.sandbox_process import TOKEN, WABA_ID

pytestmark = pytest.mark.anyio

OTHER = {"name": "İkinci", "phone_number_id": "100000000000009", "waba_id": WABA_ID, "access_token": TOKEN}
OTHER |= {"display_phone_number": "+90 850 000 00 09"}

REACHED = """
INSERT INTO toplu.portfolio_people (tenant_id, portfolio_id, person_id, last_at)
SELECT $1, $2, gen_random_uuid(), now() - CAST($4 AS interval) FROM generate_series(1, $3)
"""


async def reached(house: House, database: TestDatabase, people: int, hours_ago: int = 1) -> None:
    """So many others were written to by this account."""
    admin = await asyncpg.connect(database.admin_url)
    try:
        await admin.execute(REACHED, house.tenant.id, WABA_ID, people, timedelta(hours=hours_ago))
    finally:
        await admin.close()


async def limit(house: House, messaging_limit: str) -> None:
    path = f"/v1/senders/{house.tenant.sender}"
    assert (await house.client.patch(path, json={"messaging_limit": messaging_limit})).is_success


async def hold_of(house: House, run: Runtime) -> Hold:
    tenant, sender = house.tenant.id, decode("snd", house.tenant.sender)
    async with run.db.begin(tenant) as session:
        line = await hold_line(session, tenant, sender, "test", lease_s=60)
    assert line is not None
    return Hold(tenant, sender, "test", line.fence)


async def claim(run: Runtime, hold: Hold, batch: str, *, size: int = 10, marketing: bool = True) -> Page:
    async with run.db.begin(hold.tenant) as session:
        return await lease(
            session,
            hold,
            decode("bat", batch),
            size=size,
            lease_s=60,
            expires_at=utc_now().replace(year=2099),
            budget=await hold_budget(session, hold.tenant, WABA_ID, marketing=marketing),
        )


def people_of(page: Page) -> set[UUID]:
    return {message.person_id for message in page.leased}


async def test_the_account_stops_at_its_people_of_the_day_and_says_so(api_only: House, database: TestDatabase) -> None:
    house, everybody = api_only, [phone(n) for n in range(5)]
    await house.consent(*everybody)
    await limit(house, "250")
    await reached(house, database, 235)
    await reached(house, database, 100, hours_ago=25)
    first, second = [(await house.send(*everybody))["id"] for _ in range(2)]
    capacity = f"/v1/senders/{house.tenant.sender}/capacity"
    before = await house.get(capacity, batch=first)
    async with open_runtime(house.settings, "worker") as run:
        hold = await hold_of(house, run)

        page = await claim(run, hold, first)
        rest = await claim(run, hold, first)
        again = await claim(run, hold, second)
        spared = await claim(run, hold, second, marketing=False)

    assert 2 == len(page.leased)  # a twentieth of 250 is kept for others than marketing: 237
    assert ([], True) == (rest.leased, rest.waits_until is not None)
    assert people_of(page) == people_of(again)  # they count already
    assert 3 == len(spared.leased)
    shown = await house.get(f"/v1/batches/{first}")
    assert ("portfolio_limit", {"queued": 3, "sending": 2}) == (shown["waiting"]["reason"], shown["counts"])
    after = await house.get(capacity, batch=first)
    assert ("rate", "portfolio_limit") == (before["limited_by"], after["limited_by"])
    assert (235, 15, 240, 10) == tuple(body["portfolio"][name] for body in (before, after) for name in ("used", "left"))
    assert {"portfolio_limit": 3} == after["waiting"]
    assert after["batch"]["sent_by"] > before["batch"]["sent_by"]


async def test_a_batch_that_waits_for_its_account_notices_a_higher_limit_by_itself(
    api_only: House, database: TestDatabase
) -> None:
    house, tenant = api_only, api_only.tenant.id
    await house.consent(phone(1))
    await limit(house, "250")
    await reached(house, database, 250)
    batch = (await house.send(phone(1)))["id"]
    other = await made(house.client, "/v1/senders", OTHER)
    async with open_runtime(house.settings, "worker") as run:
        hold = await hold_of(house, run)
        await claim(run, hold, batch)
        same = await sweep(run.db, tenant)
        waiting = (await house.get(f"/v1/batches/{batch}"))["waiting"]["reason"]
        # told for another sender of the same portfolio
        await house.client.patch(f"/v1/senders/{other['id']}", json={"messaging_limit": "2000"})
        raised = await sweep(run.db, tenant)
        after = await house.get(f"/v1/batches/{batch}")
        page = await claim(run, hold, batch)

    assert ("portfolio_limit", ()) == (waiting, same.senders)
    assert (hold.sender,) == raised.senders  # its bell is rung
    assert "portfolio_limit" not in str(after.get("waiting"))
    assert 1 == len(page.leased)


async def test_capacity_names_what_forbids_all_sending(
    api_only: House, servers: Servers, database: TestDatabase, tmp_path: Path
) -> None:
    path = f"/v1/senders/{api_only.tenant.sender}/capacity"
    await api_only.consent(phone(1))
    batch = (await api_only.send(phone(1)))["id"]

    async with open_runtime(api_only.settings, "worker") as run:
        await quarantine(run)
    restored = await api_only.get(path, batch=batch)
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute("UPDATE toplu.restore_guard SET quarantined_at = NULL, reason = NULL")
    await admin.close()
    key = api_only.settings.master_key
    assert key is not None
    strict: Any = {"worker": False, "sandbox": False, "furnished": False, "transfer_policy": "block"}
    strict["master_key"] = key.get_secret_value()
    opened = open_house(database.url, servers.valkey.url, tmp_path, **strict)
    async with opened as house, house.client_of(api_only.tenant) as client:
        undocumented = (await client.get(path, params={"batch": batch})).json()
    free = await api_only.get(path, batch=batch)
    await publish(api_only.run.db, text_of())
    terms = await api_only.get(path, batch=batch)

    told = [body["limited_by"] for body in (restored, undocumented, free, terms)]
    assert ["quarantined", "transfer_undocumented", "rate", "terms_acceptance_required"] == told
    assert [None, None, None] == [body["batch"]["sent_by"] for body in (restored, undocumented, terms)]
    assert free["batch"]["sent_by"]


@pytest.mark.parametrize("told", [None, "unlimited"])
async def test_a_limit_that_nobody_told_is_no_limit(api_only: House, database: TestDatabase, told: str | None) -> None:
    await api_only.consent(phone(1))
    if told is not None:
        await limit(api_only, told)
    await reached(api_only, database, 300)
    batch = (await api_only.send(phone(1)))["id"]
    async with open_runtime(api_only.settings, "worker") as run:
        page = await claim(run, await hold_of(api_only, run), batch)

    assert 1 == len(page.leased)
    body = await api_only.get(f"/v1/senders/{api_only.tenant.sender}/capacity")
    assert {"id": WABA_ID, "messaging_limit": told, "used": None, "left": None, "frees_at": None} == body["portfolio"]


async def test_capacity_names_the_halt_the_slower_pace_and_what_is_queued(api_only: House) -> None:
    house, path = api_only, f"/v1/senders/{api_only.tenant.sender}"
    await house.consent(phone(1), phone(2))
    await house.client.patch(path, json={"messages_per_second": 80})
    idle = await house.get(f"{path}/capacity")
    batch = (await house.send(phone(1), phone(2)))["id"]
    async with open_runtime(house.settings, "worker") as run:
        hold = await hold_of(house, run)
        async with run.db.begin(hold.tenant) as session:
            spoken = Spoken(rate=20.0, ahead_s=0.0)
            await leave_line(session, hold.tenant, hold.sender, hold.owner, fence=hold.fence, spoken=spoken)
    slow = await house.get(f"{path}/capacity", batch=batch)
    await house.client.patch(path, json={"state": "paused"})
    paused = await house.get(f"{path}/capacity", batch=batch)

    assert ("nothing", 80, 78.4, False) == tuple(
        idle[name] for name in ("limited_by", "messages_per_second", "effective_messages_per_second", "draining")
    )
    assert "slowed_down" == slow["limited_by"]
    assert 20.0 <= slow["effective_messages_per_second"] < 78.4
    assert ({"otp": 0, "utility": 0, "marketing": 2}, 2, True) == (
        slow["queued"],
        slow["batch"]["left"],
        slow["batch"]["before_expiry"],
    )
    assert ("paused", None) == (paused["limited_by"], paused["batch"]["sent_by"])
