"""What breaks. Each fault ends by itself; the supervisor and the product do the rest.

A fault is a coroutine over the stack. It returns when the broken state is over (after a kill: at once), and from then
on the recovery is timed. Whatever it chooses, it draws from a Random of its own.
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random

import redis.asyncio as valkeys

from tests.chaos.proxy import Trap
from tests.chaos.stack import Program, Stack

Fault = Callable[[Stack, Random], Awaitable[None]]

FROZEN_S = (4.0, 6.0)  # longer than the lease of a line (3 s)
FROZEN_LONG_S = 25.0  # longer than the lease of a message (22 s)
GRACE_S = 20.0  # what the API may take to finish its answers (docs/operations.md)
ENDS_S = 2.0  # and to end then, on a machine that is busy


async def kill_worker(stack: Stack, rng: Random) -> None:
    """kill -9 of one worker."""
    rng.choice(stack.workers).kill()


async def kill_all_workers(stack: Stack, _: Random) -> None:
    """kill -9 of every worker."""
    for worker in stack.workers:
        worker.kill()


async def kill_api(stack: Stack, _: Random) -> None:
    """kill -9 of the API."""
    stack.api.kill()


async def freeze_worker(stack: Stack, rng: Random) -> None:
    """SIGSTOP of a worker for longer than its lines' lease, then SIGCONT."""
    await _freeze(rng.choice(stack.workers), rng.uniform(*FROZEN_S))


async def freeze_worker_long(stack: Stack, rng: Random) -> None:
    """SIGSTOP of a worker for longer than its messages' lease, then SIGCONT."""
    await _freeze(rng.choice(stack.workers), FROZEN_LONG_S)


async def freeze_api(stack: Stack, rng: Random) -> None:
    """SIGSTOP of the API, then SIGCONT."""
    await _freeze(stack.api, rng.uniform(1.0, 4.0))


async def _freeze(program: Program, seconds: float) -> None:
    process = program.process
    program.signal(signal.SIGSTOP)
    await asyncio.sleep(seconds)
    if process is program.process:
        program.signal(signal.SIGCONT)


async def terminate_worker(stack: Stack, rng: Random) -> None:
    """SIGTERM of one worker, as a rolling restart does: it must leave nothing behind."""
    worker = rng.choice(stack.workers)
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


async def terminate_api(stack: Stack, _: Random) -> None:
    """SIGTERM of the API while it answers: where batches still come, between an accept and its COMMIT."""
    trap = stack.api_database.set(Trap("commit", "before", "hold", of="accept"))
    with suppress(TimeoutError):
        await asyncio.wait_for(trap.sprung.wait(), 3.0)
    began = time.monotonic()
    ending = asyncio.create_task(stack.api.end())
    await asyncio.sleep(0.3)
    stack.api_database.disarm()
    trap.release()
    code = await ending
    took_s = time.monotonic() - began
    if code != 0 or took_s > GRACE_S + ENDS_S:
        stack.odd.append(f"the API ended by SIGTERM with {code} after {took_s:.0f} s")
    stack.api.wanted = True


async def terminate_some(stack: Stack, _: Random) -> None:
    """pg_terminate_backend of one in three connections."""
    await _terminate(stack, "random() < 0.34")


async def terminate_all(stack: Stack, _: Random) -> None:
    """pg_terminate_backend of every connection."""
    await _terminate(stack, "true")


async def _terminate(stack: Stack, which: str) -> None:
    await stack.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}"
    )


async def kill_postgres(stack: Stack, _: Random) -> None:
    """kill -9 of the postmaster: crash recovery."""
    _kill_server(stack.postgres)
    await asyncio.sleep(0.2)


async def stop_postgres(stack: Stack, rng: Random) -> None:
    """PostgreSQL away for some seconds."""
    stack.away.add("postgres")
    _kill_server(stack.postgres)
    await asyncio.sleep(rng.uniform(1.5, 3.0))
    stack.away.discard("postgres")


def _kill_server(server: object) -> None:
    child = server._child  # type: ignore[attr-defined]  # the process itself; its owner would stop it in order
    child.process.kill()
    child.process.wait(10)


async def flush_valkey(stack: Stack, _: Random) -> None:
    """FLUSHALL."""
    async with valkeys.Redis.from_url(stack.valkey.url, socket_timeout=2) as client:
        await client.flushall()


async def kill_valkey(stack: Stack, rng: Random) -> None:
    """kill -9 of Valkey, which forgets everything and is away for a moment."""
    stack.away.add("valkey")
    _kill_server(stack.valkey)
    await asyncio.sleep(rng.uniform(0.2, 2.0))
    stack.away.discard("valkey")


async def freeze_valkey(stack: Stack, rng: Random) -> None:
    """SIGSTOP of Valkey, then SIGCONT."""
    process = stack.valkey._child.process  # type: ignore[union-attr]
    process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(rng.uniform(2.0, 4.0))
    process.send_signal(signal.SIGCONT)


async def cut_before_commit(stack: Stack, rng: Random) -> None:
    """The connection is lost just before some COMMITs reach PostgreSQL."""
    await _cut(stack, rng, "before")


async def cut_after_commit(stack: Stack, rng: Random) -> None:
    """The connection is lost after some COMMITs were done, and before anybody heard."""
    await _cut(stack, rng, "after")


async def _cut(stack: Stack, rng: Random, when: str) -> None:
    proxy = rng.choice((stack.worker_database, stack.worker_database, stack.api_database))
    of = rng.choice((None, "claim", "record", "take")) if proxy is stack.worker_database else None
    trap = proxy.set(Trap("commit", when, "cut", of=of, times=rng.randint(1, 4)))  # type: ignore[arg-type]
    await _until_sprung(trap, 2.0)
    proxy.disarm()


async def cut_requests(stack: Stack, rng: Random) -> None:
    """Some requests to WhatsApp are lost on the way."""
    await _cut_http(stack, Trap("request", "before", "cut", times=rng.randint(1, 8)))


async def cut_answers(stack: Stack, rng: Random) -> None:
    """WhatsApp accepts, and some of its answers are lost."""
    await _cut_http(stack, Trap("request", "after", "cut", times=rng.randint(1, 8)))


async def truncate_answers(stack: Stack, rng: Random) -> None:
    """WhatsApp accepts, and half of some answers is lost."""
    await _cut_http(stack, Trap("request", "after", "truncate", times=rng.randint(1, 8)))


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


async def refuse_whatsapp(stack: Stack, _: Random) -> None:
    """WhatsApp's port is closed. Shorter than it takes for a line to halt (three seconds of it)."""
    await stack.whatsapp.refuse()
    await asyncio.sleep(0.2)
    await stack.whatsapp.listen()


async def whatsapp_errs(stack: Stack, rng: Random) -> None:
    """WhatsApp's own faults: errors, pages of HTML, silence after accepting, answers without an id."""
    kinds = rng.sample(
        (
            "http_500", "http_503", "html_502", "throttle", "reset_before_accept", "reset_after_accept",
            "timeout_after_accept", "no_id_after_accept", "truncated_after_accept",
        ),
        4,
    )  # fmt: skip
    await stack.knobs(faults=dict.fromkeys(kinds, 0.06))
    await asyncio.sleep(2.0)
    await stack.knobs(faults={})


async def hold_webhooks(stack: Stack, _: Random) -> None:
    """Webhooks stay away and then come all at once, twice and in disorder."""
    await stack.knobs(hold_webhooks=True, duplicate_share=0.5, reorder_share=0.5)
    await asyncio.sleep(3.0)
    await stack.knobs(hold_webhooks=False, duplicate_share=0.1, reorder_share=0.1)


# name: (fault, weight)
FAULTS: dict[str, tuple[Fault, int]] = {
    "kill_worker": (kill_worker, 6),
    "kill_all_workers": (kill_all_workers, 2),
    "kill_api": (kill_api, 3),
    "freeze_worker": (freeze_worker, 3),
    "freeze_worker_long": (freeze_worker_long, 1),
    "freeze_api": (freeze_api, 2),
    "terminate_worker": (terminate_worker, 4),
    "terminate_api": (terminate_api, 3),
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
# A worker dies or stands still: what it had under way is parted from it, and the webhooks that it was reading wait for
# the end of their lease. Both is by design.
LEAVING = {"kill_worker", "kill_all_workers", "freeze_worker", "freeze_worker_long"}
# These too may cost certainty: the answers of what was under way cannot be written down while the database is away.
PARTING = LEAVING | {"kill_postgres", "stop_postgres", "terminate_all", "terminate_some"}
