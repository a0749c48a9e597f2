"""Scale out: two senders' lines, drained by one worker and by two. A line has one drainer, so two lines can use two.

Whoever looks first drains both, and gives one to the other within a few seconds; what is counted begins there, and ends
when the first of the two lines is empty.
"""

import asyncio
import time
from contextlib import ExitStack
from datetime import datetime

from tests.bench.cases.accept import draft, recipients_of, stream
from tests.bench.cases.dispatch import IN_FLIGHT, free_server, lift_pace, until_sent
from tests.bench.measure import Line, in_turns, line_of
from tests.bench.stand import Stand
from tests.furnish import made
from tests.sandbox_process import TOKEN, WABA_ID

EVEN_WITHIN_S = 15.0
DRAINING = "SELECT count(DISTINCT owner), clock_timestamp() FROM sender_lines WHERE lease_until > clock_timestamp()"
SENT = """
WITH sent AS (
    SELECT m.batch_id, e.at FROM delivery_events AS e JOIN messages AS m ON m.id = e.message_id
     WHERE m.batch_id = ANY($1) AND e.kind = 'sent'
), ended AS (SELECT min(last) AS at FROM (SELECT max(at) AS last FROM sent GROUP BY batch_id) AS each)
SELECT count(*) AS n, CAST(extract(epoch FROM ended.at - CAST($2 AS timestamptz)) AS float8) AS took_s
  FROM ended JOIN sent ON sent.at BETWEEN $2 AND ended.at GROUP BY ended.at
"""


async def measure(stand: Stand, *, messages: int, known: int, rounds: int) -> list[Line]:
    """Messages per second over both lines; the ratio is two workers to one."""
    senders = [stand.tenant.sender, await _second_sender(stand)]
    await lift_pace(stand)
    with free_server() as url:

        async def by(workers: int) -> float:
            return await _send(stand, url, senders, messages // 2, known, workers)

        two, one = await in_turns(lambda: by(2), lambda: by(1), rounds=rounds)
    return [line_of("two workers, two senders", "messages/s", two, one, reference_name="one worker")]


async def _second_sender(stand: Stand) -> str:
    listed = (await stand.client.get("/v1/senders")).json()["data"]
    if len(listed) > 1:
        known: str = next(one["id"] for one in listed if one["id"] != stand.tenant.sender)
        return known
    body = {
        "name": "Second",
        "phone_number_id": "100000000000002",
        "waba_id": WABA_ID,
        "display_phone_number": "+90 850 000 00 02",
        "access_token": TOKEN,
        "messages_per_second": 1000,
    }
    sender: str = (await made(stand.client, "/v1/senders", body))["id"]
    return sender


async def _send(stand: Stand, url: str, senders: list[str], messages: int, known: int, workers: int) -> float:
    batches, ids = [], []
    for at, sender in enumerate(senders):
        batches.append(await draft(stand, sender))
        await stream(stand, batches[-1], list(recipients_of(messages, known, seed=int(time.time()) + at)))
        ids.append(await stand.admin.fetchval("SELECT id FROM batches ORDER BY id DESC LIMIT 1"))
    await stand.admin.execute("ANALYZE dispatch, messages")
    with ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(stand.worker(whatsapp_url=url, poll_s=0.2, whatsapp_connections=IN_FLIGHT))
        await asyncio.sleep(2)
        for batch in batches:
            (await stand.client.post(f"/v1/batches/{batch}/start")).raise_for_status()
        even_at = await _even(stand, workers)
        await asyncio.gather(*(until_sent(stand, batch) for batch in batches))
    counted = await stand.admin.fetchrow(SENT, ids, even_at, timeout=600)
    assert counted is not None
    return float(counted["n"] / counted["took_s"])


async def _even(stand: Stand, workers: int) -> datetime:
    """When, by the database, every worker drained a line. Raises TimeoutError where that never came."""
    deadline = time.monotonic() + EVEN_WITHIN_S
    while time.monotonic() < deadline:
        draining, at = await stand.admin.fetchrow(DRAINING)
        if draining == workers:
            found: datetime = at
            return found
        await asyncio.sleep(0.05)
    raise TimeoutError(f"{workers} workers did not drain a line each within {EVEN_WITHIN_S:.0f} s")
