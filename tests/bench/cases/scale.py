"""Scale out: two senders' lines, drained by one worker and by two. A line has one drainer, so two lines can use two."""

import asyncio
import time
from contextlib import ExitStack

from tests.bench.cases.accept import draft, recipients_of, stream
from tests.bench.cases.dispatch import IN_FLIGHT, free_server, lift_pace, until_sent
from tests.bench.measure import Line, in_turns, line_of
from tests.bench.stand import Stand
from tests.furnish import made
from tests.sandbox_process import TOKEN, WABA_ID


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
    batches = []
    for at, sender in enumerate(senders):
        batch = await draft(stand, sender)
        await stream(stand, batch, list(recipients_of(messages, known, seed=int(time.time()) + at)))
        batches.append(batch)
    await stand.admin.execute("ANALYZE dispatch, messages")
    with ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(stand.worker(whatsapp_url=url, poll_s=0.2, whatsapp_connections=IN_FLIGHT))
        await asyncio.sleep(2)
        began = time.perf_counter()
        for batch in batches:
            (await stand.client.post(f"/v1/batches/{batch}/start")).raise_for_status()
        await asyncio.gather(*(until_sent(stand, batch) for batch in batches))
        return 2 * messages / (time.perf_counter() - began)
