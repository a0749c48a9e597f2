"""Dispatch to a WhatsApp that is far away: 150 ms for each answer, over TLS, one worker. What a core is spent on.

As fast as it can, and at the pace of Meta's fastest number: 1,000 messages a second, of which a worker leaves 2 % free.
"""

import asyncio

from tests.bench.cases.dispatch import free_server, lift_pace, make_certificate, queue, sending, set_pace, until_sent
from tests.bench.measure import Line, in_turns, line_of
from tests.bench.stand import Stand

DELAY_MS = 150
PACE = 1_000


async def measure(stand: Stand, *, messages: int, known: int, rounds: int) -> list[Line]:
    """Messages per second and the share of one core that the worker needs, without a pace and with one."""
    certificate = make_certificate(stand.place)
    free_cores: list[float] = []
    paced_cores: list[float] = []
    with free_server(DELAY_MS, certificate) as url:

        async def free() -> float:
            await lift_pace(stand)
            return await _send(stand, url, messages, known, certificate[0], free_cores)

        async def paced() -> float:
            await set_pace(stand, PACE)
            return await _send(stand, url, messages, known, certificate[0], paced_cores)

        fast, even = await in_turns(free, paced, rounds=rounds)
    await lift_pace(stand)
    name = f"dispatch, {DELAY_MS} ms, TLS"
    return [
        line_of(name, "messages/s", fast, goal=">= 1,000/s"),
        line_of(f"{name}: worker", "cores", free_cores),
        line_of(f"{name}, paced", "messages/s", even, note=f"{PACE:,}/s is the sender's; a pace keeps 2 % below it"),
        line_of(f"{name}, paced: worker", "cores", paced_cores, goal="< 0.5 at 1,000/s"),
    ]


async def _send(stand: Stand, url: str, messages: int, known: int, ca_file: object, cores: list[float]) -> float:
    """Messages per second of one batch; adds what the worker used."""
    found, batch = await queue(stand, messages, known)
    with stand.worker(whatsapp_url=url, whatsapp_ca_file=ca_file, poll_s=0.2) as worker:
        await asyncio.sleep(2)
        before = worker.cpu_s()
        (await stand.client.post(f"/v1/batches/{batch}/start")).raise_for_status()
        await until_sent(stand, batch)
        cpu_s = worker.cpu_s() - before
    sent, took_s = await sending(stand, found)
    cores.append(cpu_s / took_s)
    return sent / took_s
