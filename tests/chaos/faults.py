"""What breaks. Each fault ends by itself; the supervisor and the product do the rest.

A fault is a coroutine over the stack. It returns when the broken state is over (after a kill: at once), and from then
on the recovery is timed.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable

import httpx
import redis.asyncio as valkeys

from tests.chaos.proxy import Trap
from tests.chaos.stack import Program, Stack

Fault = Callable[[Stack], Awaitable[None]]

FROZEN_S = (4.0, 6.0)  # longer than the lease of a line (3 s)
FROZEN_LONG_S = 25.0  # longer than the lease of a message (22 s)


async def kill_worker(stack: Stack) -> None:
    """kill -9 of one worker."""
    stack.rng.choice(stack.workers).kill()


async def kill_all_workers(stack: Stack) -> None:
    """kill -9 of every worker."""
    for worker in stack.workers:
        worker.kill()


async def kill_api(stack: Stack) -> None:
    """kill -9 of the API."""
    stack.api.kill()


async def freeze_worker(stack: Stack) -> None:
    """SIGSTOP of a worker for longer than its lines' lease, then SIGCONT."""
    await _freeze(stack.rng.choice(stack.workers), stack.rng.uniform(*FROZEN_S))


async def freeze_worker_long(stack: Stack) -> None:
    """SIGSTOP of a worker for longer than its messages' lease, then SIGCONT."""
    await _freeze(stack.rng.choice(stack.workers), FROZEN_LONG_S)


async def freeze_api(stack: Stack) -> None:
    """SIGSTOP of the API, then SIGCONT."""
    await _freeze(stack.api, stack.rng.uniform(1.0, 4.0))


async def _freeze(program: Program, seconds: float) -> None:
    process = program.process
    program.signal(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    if process is program.process:
        program.signal(signal.SIGCONT)


async def terminate_worker(stack: Stack) -> None:
    """SIGTERM of one worker, as a rolling restart does: it must leave nothing behind."""
    worker = stack.rng.choice(stack.workers)
    if not worker.alive:
        return
    owner = f"%:{worker.process.pid}:%"
    held = "SELECT sender_id, fence FROM sender_lines WHERE owner LIKE $1 AND lease_until > clock_timestamp()"
    lines = await stack.ask(held, owner)  # one it has left may have had a claim that was cut
    code = await worker.end()
    left = await stack.ask(
        "SELECT count(*) AS n FROM dispatch AS d JOIN unnest($1::uuid[], $2::bigint[]) AS l (sender_id, fence)"
        "  ON d.sender_id = l.sender_id AND d.fence = l.fence WHERE d.state = 'sending'",
        [line["sender_id"] for line in lines],
        [line["fence"] for line in lines],
    )
    early = code == -signal.SIGTERM and not lines  # it had only begun to start
    if (code != 0 and not early) or left[0]["n"]:
        stack.odd.append(f"a worker ended by SIGTERM with {code} and left {left[0]['n']} messages sending")
    worker.wanted = True


async def terminate_some(stack: Stack) -> None:
    """pg_terminate_backend of one in three connections."""
    await _terminate(stack, "random() < 0.34")


async def terminate_all(stack: Stack) -> None:
    """pg_terminate_backend of every connection."""
    await _terminate(stack, "true")


async def _terminate(stack: Stack, which: str) -> None:
    await stack.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}"
    )


async def kill_postgres(stack: Stack) -> None:
    """kill -9 of the postmaster: crash recovery."""
    _kill_server(stack.postgres)
    await asyncio.sleep(0.2)


async def stop_postgres(stack: Stack) -> None:
    """PostgreSQL away for some seconds."""
    stack.away.add("postgres")
    _kill_server(stack.postgres)
    await asyncio.sleep(stack.rng.uniform(1.5, 3.0))
    stack.away.discard("postgres")


def _kill_server(server: object) -> None:
    child = server._child  # type: ignore[attr-defined]  # the process itself; its owner would stop it in order
    child.process.kill()
    child.process.wait(10)


async def flush_valkey(stack: Stack) -> None:
    """FLUSHALL."""
    async with valkeys.Redis.from_url(stack.valkey.url, socket_timeout=2) as client:
        await client.flushall()


async def kill_valkey(stack: Stack) -> None:
    """kill -9 of Valkey, which forgets everything and is away for a moment."""
    stack.away.add("valkey")
    _kill_server(stack.valkey)
    await asyncio.sleep(stack.rng.uniform(0.2, 2.0))
    stack.away.discard("valkey")


async def freeze_valkey(stack: Stack) -> None:
    """SIGSTOP of Valkey, then SIGCONT."""
    process = stack.valkey._child.process  # type: ignore[union-attr]
    process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(stack.rng.uniform(2.0, 4.0))
    process.send_signal(signal.SIGCONT)


async def cut_before_commit(stack: Stack) -> None:
    """The connection is lost just before some COMMITs reach PostgreSQL."""
    await _cut(stack, "before")


async def cut_after_commit(stack: Stack) -> None:
    """The connection is lost after some COMMITs were done, and before anybody heard."""
    await _cut(stack, "after")


async def _cut(stack: Stack, when: str) -> None:
    proxy = stack.rng.choice((stack.worker_database, stack.worker_database, stack.api_database))
    of = stack.rng.choice((None, "claim", "record")) if proxy is stack.worker_database else None
    trap = proxy.set(Trap("commit", when, "cut", of=of, times=stack.rng.randint(1, 4)))  # type: ignore[arg-type]
    await _until_sprung(trap, 2.0)
    proxy.disarm()


async def cut_requests(stack: Stack) -> None:
    """Some requests to WhatsApp are lost on the way."""
    await _cut_http(stack, Trap("request", "before", "cut", times=stack.rng.randint(1, 8)))


async def cut_answers(stack: Stack) -> None:
    """WhatsApp accepts, and some of its answers are lost."""
    await _cut_http(stack, Trap("request", "after", "cut", times=stack.rng.randint(1, 8)))


async def truncate_answers(stack: Stack) -> None:
    """WhatsApp accepts, and half of some answers is lost."""
    await _cut_http(stack, Trap("request", "after", "truncate", times=stack.rng.randint(1, 8)))


async def _cut_http(stack: Stack, trap: Trap) -> None:
    stack.whatsapp.set(trap)
    await asyncio.sleep(1.0)
    stack.whatsapp.disarm()


async def _until_sprung(trap: Trap, timeout_s: float) -> None:
    try:
        await asyncio.wait_for(trap.sprung.wait(), timeout_s)
        await asyncio.sleep(0.3)
    except TimeoutError:
        return


async def refuse_whatsapp(stack: Stack) -> None:
    """WhatsApp's port is closed. Shorter than it takes for a line to halt (three seconds of it)."""
    await stack.whatsapp.refuse()
    await asyncio.sleep(0.2)
    await stack.whatsapp.listen()


async def whatsapp_errs(stack: Stack) -> None:
    """WhatsApp's own faults: errors, pages of HTML, silence after accepting, answers without an id."""
    kinds = stack.rng.sample(
        (
            "http_500", "http_503", "html_502", "throttle", "reset_before_accept", "reset_after_accept",
            "timeout_after_accept", "no_id_after_accept", "truncated_after_accept",
        ),
        4,
    )  # fmt: skip
    await _knobs(stack, faults=dict.fromkeys(kinds, 0.06))
    await asyncio.sleep(2.0)
    await _knobs(stack, faults={})


async def hold_webhooks(stack: Stack) -> None:
    """Webhooks stay away and then come all at once, twice and in disorder."""
    await _knobs(stack, hold_webhooks=True, duplicate_share=0.5, reorder_share=0.5)
    await asyncio.sleep(3.0)
    await _knobs(stack, hold_webhooks=False, duplicate_share=0.1, reorder_share=0.1)


async def _knobs(stack: Stack, **patch: object) -> None:
    async with httpx.AsyncClient(base_url=stack.sandbox.url, trust_env=False, timeout=30) as control:
        (await control.post("/sandbox/knobs", json=patch)).raise_for_status()


# name: (fault, weight)
FAULTS: dict[str, tuple[Fault, int]] = {
    "kill_worker": (kill_worker, 6),
    "kill_all_workers": (kill_all_workers, 2),
    "kill_api": (kill_api, 3),
    "freeze_worker": (freeze_worker, 3),
    "freeze_worker_long": (freeze_worker_long, 1),
    "freeze_api": (freeze_api, 2),
    "terminate_worker": (terminate_worker, 4),
    "terminate_some": (terminate_some, 3),
    "terminate_all": (terminate_all, 2),
    "kill_postgres": (kill_postgres, 2),
    "stop_postgres": (stop_postgres, 2),
    "flush_valkey": (flush_valkey, 3),
    "kill_valkey": (kill_valkey, 2),
    "freeze_valkey": (freeze_valkey, 2),
    "cut_before_commit": (cut_before_commit, 5),
    "cut_after_commit": (cut_after_commit, 6),
    "cut_requests": (cut_requests, 3),
    "cut_answers": (cut_answers, 3),
    "truncate_answers": (truncate_answers, 2),
    "refuse_whatsapp": (refuse_whatsapp, 2),
    "whatsapp_errs": (whatsapp_errs, 3),
    "hold_webhooks": (hold_webhooks, 3),
}
# What may part a worker from what it has in flight: it dies, it is away for longer than its lines' lease, or it does
# not hear that its claim was committed. Those messages become uncertain when their lease is over.
PARTING = {
    "kill_worker", "kill_all_workers", "freeze_worker", "freeze_worker_long",
    "kill_postgres", "stop_postgres", "terminate_all", "terminate_some", "cut_after_commit",
}  # fmt: skip
