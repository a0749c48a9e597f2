"""Check: may these 10,000 people be written to? Reference: the bare join of fingerprints and states, by its best plan.

That is a probe of two indexes for each, in the order of the fingerprints: of 2,000,000 people, 166 ms beside other
programs, 192 ms in the order they came, 183 with `random_page_cost` 1.1 (2026-11). It is told to probe, so that no
statistics lead it to read whole tables.
"""

import random
import time

from app.people.seal import alias_hash
from tests.bench.measure import Line, in_turns, line_of
from tests.bench.seed import CAMPAIGN, keys_of, phone
from tests.bench.stand import Stand
from tests.furnish import MARKETING

ASKED = 10_000
PROBES_ONLY = "SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off"
JOIN = """
SELECT count(s.consent_event_id) + count(s.approval_event_id)
  FROM (SELECT hash FROM unnest(CAST($1 AS uuid[])) AS u (hash) ORDER BY hash) AS w
  JOIN aliases AS a ON a.tenant_id = $2 AND a.hash = w.hash AND a.closed_at IS NULL
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
        async with stand.admin.transaction():
            await stand.admin.execute(PROBES_ONLY)
            began = time.perf_counter()
            await stand.admin.fetchval(JOIN, hashes, stand.tenant.id, CAMPAIGN)
            return (time.perf_counter() - began) * 1000

    mine, theirs = await in_turns(ours, joined, rounds=max(rounds, 5))
    return [line_of("check 10,000", "ms", mine, theirs, reference_name="bare probes", goal="< 300 ms")]
