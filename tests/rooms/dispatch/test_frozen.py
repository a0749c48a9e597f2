"""A worker that was frozen between claiming and posting posts nothing when it comes back too late."""

import asyncio
import time

import asyncpg
import pytest

from app.dispatch.flow.post import Voice
from app.dispatch.keep import Keeper
from app.dispatch.lines import Lines
from app.dispatch.pacing.lanes import LANES
from app.dispatch.queries import due_batches
from app.kit.clock import uptime_s
from app.kit.ids import decode, encode
from app.runtime import open_runtime
from app.whatsapp.payloads import TemplateForm
from tests.conftest import TestDatabase
from tests.house import House
from tests.rooms.dispatch.test_claim import claim, hold_of, queued

pytestmark = pytest.mark.anyio


async def test_what_was_claimed_before_a_long_freeze_goes_back_unposted(
    api_only: House, database: TestDatabase
) -> None:
    batch = await queued(api_only, 2)
    tenant, sender = api_only.tenant.id, decode("snd", api_only.tenant.sender)
    async with open_runtime(api_only.settings, "worker") as run:
        hold = await hold_of(api_only, run.db)
        drain = await Lines(run)._open(sender, tenant)
        assert drain is not None
        drain.hold = hold
        drain.keeper = Keeper(run, tenant, drain.keys, hold)
        keeping = asyncio.create_task(drain.keeper.keep())
        async with run.db.begin(tenant) as session:
            (due,) = await due_batches(session, tenant, sender, after=dict.fromkeys(LANES))
        page = await claim(run, hold, batch)
        voice = Voice("1", "a-token", TemplateForm(due.template_name, due.template_language, due.variables, named=True))

        long_ago = uptime_s() - drain._post_within_s() - 0.001  # the last moment to post passed before it could go on
        for message in page.leased:
            await drain._post(due, voice, message, time.monotonic(), long_ago)
        await drain.keeper.finish(keeping)

    states = [one["state"] for one in await api_only.messages(encode("bat", batch))]
    admin = await asyncpg.connect(database.admin_url)
    reasons = await admin.fetch("SELECT reason FROM toplu.delivery_events WHERE kind = 'returned'")
    await admin.close()
    assert ["queued", "queued"] == states
    # Nobody listens where WhatsApp should be: had it tried, this would be `connect_failed`.
    assert ["draining", "draining"] == [row["reason"] for row in reasons]
