"""Dispatch to a WhatsApp that is far away: 150 ms for each answer, over TLS, one worker. What a core is spent on."""

import asyncio

from tests.bench.cases.dispatch import SENDING, free_server, lift_pace, make_certificate, queue, until_sent
from tests.bench.measure import Line, line_of
from tests.bench.stand import Stand

DELAY_MS = 150


async def measure(stand: Stand, *, messages: int, known: int, rounds: int) -> list[Line]:
    """Messages per second, and the share of one core that the worker needs for each 1,000 of them."""
    await lift_pace(stand)
    certificate = make_certificate(stand.place)
    rates, cores = [], []
    with free_server(DELAY_MS, certificate) as url:
        for _ in range(rounds):
            rate, core = await _send(stand, url, messages, known, certificate[0])
            rates.append(rate)
            cores.append(core)
    note = f"{sorted(cores)[len(cores) // 2]:.2f} core of the worker at that rate"
    return [line_of(f"dispatch, {DELAY_MS} ms, TLS", "messages/s", rates, goal=">= 1,000/s, < 0.5 core", note=note)]


async def _send(stand: Stand, url: str, messages: int, known: int, ca_file: object) -> tuple[float, float]:
    found, batch = await queue(stand, messages, known)
    with stand.worker(whatsapp_url=url, whatsapp_ca_file=ca_file, poll_s=0.2) as worker:
        await asyncio.sleep(2)
        before = worker.cpu_s()
        (await stand.client.post(f"/v1/batches/{batch}/start")).raise_for_status()
        await until_sent(stand, batch)
        cpu_s = worker.cpu_s() - before
    sent = await stand.admin.fetchval("SELECT count(*) FROM outcomes WHERE batch_id = $1 AND state = 'sent'", found)
    took_s = float(await stand.admin.fetchval(SENDING, found))
    return sent / took_s, cpu_s / took_s
