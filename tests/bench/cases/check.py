"""Check: may these 10,000 people be written to? Reference: the bare join of fingerprints and states."""

import random
import time

from app.people.seal import alias_hash
from tests.bench.measure import Line, in_turns, line_of
from tests.bench.seed import CAMPAIGN, keys_of, phone
from tests.bench.stand import Stand
from tests.furnish import MARKETING

ASKED = 10_000
JOIN = """
SELECT count(*) FROM unnest($1::uuid[]) AS w (hash)
  JOIN aliases AS a ON a.tenant_id = $2 AND a.hash = w.hash
  LEFT JOIN consent_states AS s ON s.tenant_id = $2 AND s.purpose_id = $3 AND s.person_id = a.person_id
"""


async def measure(stand: Stand, *, known: int, rounds: int) -> list[Line]:
    """Milliseconds for ten thousand, ours and the join's. The ratio says how many joins we cost."""
    chance = random.Random(2)
    keys = await keys_of(stand)
    asked: list[str] = []

    async def ours() -> float:
        asked[:] = [phone(number) for number in chance.sample(range(known), ASKED)]
        body = {"purpose": MARKETING, "recipients": [{"to": to} for to in asked]}
        began = time.perf_counter()
        answer = await stand.client.post("/v1/consents/check", json=body)
        took = time.perf_counter() - began
        assert answer.is_success, answer.text
        return took * 1000

    async def joined() -> float:
        hashes = [alias_hash(keys, "phone", to) for to in asked]
        began = time.perf_counter()
        await stand.admin.fetchval(JOIN, hashes, stand.tenant.id, CAMPAIGN)
        return (time.perf_counter() - began) * 1000

    mine, theirs = await in_turns(ours, joined, rounds=max(rounds, 5))
    return [line_of("check 10,000", "ms", mine, theirs, reference_name="bare join", goal="< 300 ms")]
