"""Restrictions against claims, thousands of them at once: no claim after a committed restriction."""

import asyncio
import random
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from app.consents.link import link
from app.consents.note_identity import Source
from app.consents.who import name
from app.dispatch.flow.lease import lease
from app.dispatch.held import Hold
from app.kit.clock import utc_now
from app.kit.ids import decode
from app.runtime import open_database
from app.senders.hold import hold_line
from app.tenants.keys import get_tenant_keys
from tests.conftest import Servers, TestDatabase
from tests.house import House, open_house, phone

pytestmark = pytest.mark.anyio

PEOPLE = 3_000
PAIRS = 240


async def test_no_claim_after_a_committed_restriction(servers: Servers, database: TestDatabase, tmp_path: Path) -> None:
    """2,000 withdrawals and suppressions race against the claims of 3,000 messages."""
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    shuffled = random.Random(seed)
    async with open_house(
        database.url, servers.valkey.url, tmp_path, worker=False, sandbox=False, api_pool_size=10
    ) as house:
        phones = [phone(n) for n in range(PEOPLE)]
        for at in range(0, PEOPLE, 1000):
            await house.consent(*phones[at : at + 1000])
        batch = decode("bat", (await house.send(*phones))["id"])
        restricted = shuffled.sample(phones, 2_000)

        claiming = asyncio.create_task(_claim_all(house, batch))
        await asyncio.gather(*(_restrict(house, restricted[n::4], by_withdrawal=n % 2 == 0) for n in range(4)))
        claimed = await claiming

        after, both = await _claims_after_restriction(database)

    assert 0 == after
    assert claimed == both
    assert 0 < claimed < PEOPLE  # a race that one side always wins shows nothing


async def test_no_claim_after_two_people_became_one_of_whom_one_was_stopped(
    servers: Servers, database: TestDatabase, tmp_path: Path
) -> None:
    """240 messages to people of whom each turns out to be somebody who said STOP, while they are claimed."""
    async with open_house(
        database.url, servers.valkey.url, tmp_path, worker=False, sandbox=False, api_pool_size=10
    ) as house:
        allowed, stopped = [phone(n) for n in range(PAIRS)], [phone(PAIRS + n) for n in range(PAIRS)]
        await house.consent(*allowed)
        stop = {"people": [{"to": to} for to in stopped], "scope": "marketing", "channel": "api", "by": "person"}
        assert (await house.client.post("/v1/suppressions", json=stop)).is_success
        batch = decode("bat", (await house.send(*allowed))["id"])
        # Whoever is named first takes the other in: half of the time it is the one who was stopped.
        pairs = [pair if n % 2 else pair[::-1] for n, pair in enumerate(zip(allowed, stopped, strict=True))]

        claiming = asyncio.create_task(_claim_all(house, batch, size=2))
        await asyncio.gather(*(_link(house, pairs[n::3]) for n in range(3)))
        claimed = await claiming

        after, both = await _claims_after_uniting(database)
        refusals = (await house.get("/v1/batches"))["data"][0]["refusals"]

    assert 0 == after
    assert claimed == both
    assert {"suppressed": PAIRS - claimed} == refusals
    assert 0 < claimed < PAIRS  # a race that one side always wins shows nothing


async def _link(house: House, pairs: list[tuple[str, ...]]) -> None:
    """As a webhook teaches it, several at once, and in another order than the next one."""
    tenant, source = house.tenant.id, Source("platform", "whatsapp", "told_together", utc_now())
    for at in range(0, len(pairs), 4):
        async with house.run.db.begin(tenant) as session:
            keys = await get_tenant_keys(house.run, session, tenant)
            groups = [[found for to in pair if (found := name(keys, to, None))] for pair in pairs[at : at + 4]]
            assert 4 == await link(session, tenant, keys, groups[:: 1 if at % 8 else -1], source)


async def _claims_after_uniting(database: TestDatabase) -> tuple[int, int]:
    connection = await asyncpg.connect(database.admin_url)
    try:
        after = await connection.fetchval(
            """
            SELECT count(*) FROM toplu.delivery_events AS e JOIN toplu.messages AS m ON m.id = e.message_id
             WHERE e.kind = 'sending'
               AND EXISTS (SELECT FROM toplu.consent_events AS c
                            WHERE c.act = 'merged' AND m.person_id IN (c.person_id, c.other_person_id)
                              AND c.recorded_at < e.at)
            """
        )
        claims = await connection.fetchval("SELECT count(*) FROM toplu.delivery_events WHERE kind = 'sending'")
    finally:
        await connection.close()
    return after, claims


async def _claim_all(house: House, batch: UUID, *, size: int = 50) -> int:
    """Three claimers, pages of that size, until nothing is queued."""
    db = open_database(house.settings, "worker")
    tenant, sender = house.tenant.id, decode("snd", house.tenant.sender)
    async with db.begin(tenant) as session:
        line = await hold_line(session, tenant, sender, "race", lease_s=120)
    assert line is not None
    hold = Hold(tenant, sender, "race", line.fence)

    async def claim() -> int:
        claimed, empty = 0, 0
        while empty < 5:
            async with db.begin(tenant) as session:
                page = await lease(
                    session, hold, batch, size=size, lease_s=120, expires_at=utc_now().replace(year=2099)
                )
            claimed += len(page.leased)
            empty = 0 if page.seen else empty + 1
            await asyncio.sleep(0.01 if page.seen else 0.1)
        return claimed

    claimed = sum(await asyncio.gather(claim(), claim(), claim()))
    await db.close()
    return claimed


async def _restrict(house: House, phones: list[str], *, by_withdrawal: bool) -> None:
    for at in range(0, len(phones), 5):
        people = [{"to": to} for to in phones[at : at + 5]]
        if by_withdrawal:
            answer = await house.client.post("/v1/consents/withdraw", json={"people": people, "channel": "api"})
        else:
            body = {"people": people, "scope": "marketing", "channel": "api", "by": "person"}
            answer = await house.client.post("/v1/suppressions", json=body)
        assert answer.is_success, answer.text


async def _claims_after_restriction(database: TestDatabase) -> tuple[int, int]:
    """Claims whose person had been restricted before, and all claims. Both times are taken under the person's lock."""
    connection = await asyncpg.connect(database.admin_url)
    try:
        after = await connection.fetchval(
            """
            SELECT count(*) FROM toplu.delivery_events AS e JOIN toplu.messages AS m ON m.id = e.message_id
             WHERE e.kind = 'sending'
               AND EXISTS (SELECT FROM toplu.consent_events AS c
                            WHERE c.person_id = m.person_id AND c.act IN ('withdrawn', 'raised')
                              AND c.recorded_at < e.at)
            """
        )
        claims = await connection.fetchval("SELECT count(*) FROM toplu.delivery_events WHERE kind = 'sending'")
    finally:
        await connection.close()
    return after, claims
