"""Whatever was sent rests on one decision, and on acts that were on the ledger before it."""

import asyncio
import random
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import Servers, TestDatabase
from tests.house import House, open_house, phone

pytestmark = pytest.mark.anyio

PEOPLE = 600

# Every message WhatsApp accepted, with what went wrong for it. No row: nothing did.
WITHOUT_GROUND = """
WITH posted AS (
    SELECT o.*, b.purpose_id FROM outcomes AS o JOIN batches AS b ON b.id = o.batch_id
     WHERE o.state IN ('sent', 'delivered', 'read', 'failed', 'uncertain')
), claims AS (
    SELECT message_id, count(*) AS n, max(at) AS at FROM delivery_events WHERE kind = 'sending' GROUP BY message_id
)
SELECT p.id, CASE
           WHEN c.n IS DISTINCT FROM 1 THEN 'not exactly one decision to send'
           WHEN e.id IS NULL THEN 'its evidence is not on the ledger'
           WHEN e.act <> 'given' OR e.purpose_id <> p.purpose_id THEN 'its evidence is of another act or purpose'
           WHEN e.recorded_at >= c.at THEN 'its evidence is younger than the decision'
           WHEN e.person_id <> m.person_id THEN 'its evidence is of another person'
       END AS wrong
  FROM posted AS p
  JOIN messages AS m ON m.id = p.id
  LEFT JOIN claims AS c ON c.message_id = p.id
  LEFT JOIN consent_events AS e ON e.id = p.consent_event_id
 WHERE c.n IS DISTINCT FROM 1 OR e.id IS NULL OR e.act <> 'given' OR e.purpose_id <> p.purpose_id
    OR e.recorded_at >= c.at OR e.person_id <> m.person_id
"""


@pytest.mark.covers("O16", "O23", "A4c")
async def test_every_sent_message_has_one_decision_whose_evidence_came_before_it(
    servers: Servers, database: TestDatabase, tmp_path: Path
) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    chance = random.Random(seed)
    async with open_house(database.url, servers.valkey.url, tmp_path) as house:
        phones = [phone(n) for n in range(PEOPLE)]
        await house.consent(*phones)

        batches = [await house.send(*chance.sample(phones, PEOPLE // 2)) for _ in range(3)]
        await _withdraw(house, chance, phones)
        settled = [await house.until_settled(batch["id"], timeout_s=60) for batch in batches]

        accepted = house.accepted()
    admin = await asyncpg.connect(database.admin_url, server_settings={"search_path": "toplu"})
    wrong = await admin.fetch(WITHOUT_GROUND)
    posted = await admin.fetchval("SELECT count(*) FROM outcomes WHERE state IN ('sent', 'delivered', 'read')")
    await admin.close()

    assert [] == [tuple(row) for row in wrong]
    assert len(accepted) == len(set(accepted)) == posted > 0
    assert sum(body["counts"].get("refused", 0) for body in settled) > 0  # or the withdrawals came too late to matter


async def _withdraw(house: House, chance: random.Random, phones: list[str]) -> None:
    """While it sends: some take it back. What some of them gave an hour ago, told late, must not bring it back."""
    for _ in range(6):
        leaving = chance.sample(phones, 25)
        await house.withdraw(*leaving)
        await house.consent(*leaving[:5])
        await asyncio.sleep(0.02)
