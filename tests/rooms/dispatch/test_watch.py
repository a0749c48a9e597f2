"""What the metrics say of sending: the sums over all tenants, asked of the database by the API."""

import asyncio

import asyncpg
import pytest

from app.dispatch.flow.lease import lease
from app.dispatch.held import Hold
from app.kit.clock import utc_now
from app.kit.ids import decode
from app.runtime import open_runtime
from app.senders.guard import quarantine
from app.senders.halt import halt_lines
from app.senders.hold import hold_line
from tests.conftest import TestDatabase
from tests.house import House, phone

pytestmark = pytest.mark.anyio

GAUGES = ("dispatch_messages", "dispatch_oldest_due", "dispatch_batches_waiting", "senders_lines_halted",
          "senders_quarantined", "inbound_webhooks_waiting", "inbound_oldest_webhook")  # fmt: skip


async def told(house: House) -> dict[str, float]:
    """The gauges of sending and of webhooks, without the prefix; what else this process counted is of other tests."""
    text = (await house.client.get("/metrics", headers={"authorization": ""})).text
    lines = [line.removeprefix("toplu_").rsplit(" ", 1) for line in text.splitlines()]
    return {name: float(n) for name, n in lines if name.startswith(GAUGES)}


async def test_the_metrics_tell_what_waits_and_what_stands_still(api_only: House, database: TestDatabase) -> None:
    house, tenant = api_only, api_only.tenant.id
    await house.consent(*[phone(n) for n in range(5)])
    before = await told(house)
    batch = decode("bat", (await house.send(*[phone(n) for n in range(5)]))["id"])
    later = decode("bat", (await house.send(phone(1)))["id"])
    admin = await asyncpg.connect(database.admin_url)
    await admin.execute(
        "UPDATE toplu.batches SET waits_for = 'portfolio_limit', waits_until = now() + interval '1 hour' WHERE id = $1",
        later,
    )
    await admin.execute("UPDATE toplu.dispatch SET due_at = now() - interval '1 minute'")
    async with open_runtime(house.settings, "worker") as run:
        sender = decode("snd", house.tenant.sender)
        async with run.db.begin(tenant) as session:
            line = await hold_line(session, tenant, sender, "test", lease_s=60)
            assert line is not None
            hold = Hold(tenant, sender, "test", line.fence)
            await lease(session, hold, batch, size=2, lease_s=60, expires_at=utc_now().replace(year=2099))
            await halt_lines(run, session, tenant, sender, code=368, scope="account", seconds=60.0)
        await quarantine(run)
    raw = "INSERT INTO toplu.webhook_queue (raw_id) SELECT toplu.new_id()"
    await admin.execute(raw)
    await admin.close()
    await asyncio.sleep(0.01)  # an id counts milliseconds

    after = await told(house)

    assert {0.0} == set(before.values())
    assert (4.0, 2.0, 0.0) == tuple(
        after[f'dispatch_messages{{state="{state}"}}'] for state in ("queued", "sending", "uncertain")
    )
    assert 60.0 <= after["dispatch_oldest_due_seconds"] < 600.0
    assert 1.0 == after['dispatch_batches_waiting{reason="portfolio_limit"}']
    assert 0.0 == after['dispatch_batches_waiting{reason="quiet_hours"}']
    assert (1.0, 0.0) == tuple(after[f'senders_lines_halted{{scope="{scope}"}}'] for scope in ("account", "sender"))
    assert 1.0 == after["senders_quarantined"]
    assert 1.0 == after["inbound_webhooks_waiting"]
    assert 0.0 < after["inbound_oldest_webhook_seconds"] < 600.0
