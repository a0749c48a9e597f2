"""`make rate`: how much of Meta's rate is used, and how often WhatsApp says that we are too fast.

`python -m tests.chaos.rate [MESSAGES] [steady|killed]`: the sandbox's buckets at Meta's figures (80 messages a second,
80 at once, one to a person in 6 s), real processes, default settings. `steady`: one worker. `killed`: the worker that
drains is killed half way (SIGKILL) and another one, running beside it, takes over. Two and a half minutes each.

Used is what WhatsApp accepted, of what its bucket would have let pass between the first and the last acceptance.
"""

import asyncio
import sys
import time
from contextlib import ExitStack
from datetime import datetime

from app.kit.logs import configure
from tests.bench.cases.accept import draft, stream
from tests.bench.cases.dispatch import until_sent
from tests.bench.seed import WITHDRAWN_EVERY, phone, seed_states
from tests.bench.stand import Process, Stand, as_json, open_stand
from tests.furnish import TEMPLATES
from tests.sandbox_process import SandboxProcess

RATE, BURST = 80, 80
MOST_THROTTLED = 0.001
LEAST_USED = {"steady": 0.95, "killed": 0.90}


async def main(messages: int, kinds: list[str]) -> int:
    configure("ERROR")
    failed = 0
    for kind in kinds:
        async with open_stand() as stand:
            failed += not await measure(stand, messages, kind)
    return 1 if failed else 0


async def measure(stand: Stand, messages: int, kind: str) -> bool:
    """One run; prints its figures and whether they are what was promised."""
    answer = await stand.client.patch(f"/v1/senders/{stand.tenant.sender}", json={"messages_per_second": RATE})
    assert answer.is_success, answer.text
    known = messages * WITHDRAWN_EVERY // (WITHDRAWN_EVERY - 1) + WITHDRAWN_EVERY
    await seed_states(stand, known)
    numbers = [number for number in range(known) if number % WITHDRAWN_EVERY][:messages]
    batch = await draft(stand)
    lines = [as_json({"to": phone(number), "variables": {"first_name": "Ayşe"}}) + b"\n" for number in numbers]
    await stream(stand, batch, [b"".join(lines)])
    with ExitStack() as stack:
        callback = f"{stand.url}/providers/whatsapp/webhook"
        sandbox = await asyncio.to_thread(
            SandboxProcess.start,
            stand.place / "sandbox",
            callback,
            templates=TEMPLATES,
            throughput_per_s=RATE,
            throughput_burst=BURST,
        )
        stack.callback(sandbox.stop)
        workers = [stack.enter_context(stand.worker(whatsapp_url=sandbox.url)) for _ in range(1 + (kind == "killed"))]
        await asyncio.sleep(3)  # they have begun, and found nothing
        answer = await stand.client.post(f"/v1/batches/{batch}/start")
        assert answer.is_success, answer.text
        if kind == "killed":
            await kill_half_way(stand, sandbox, workers, messages)
        await until_sent(stand, batch)
        return report(kind, messages, sandbox)


async def kill_half_way(stand: Stand, sandbox: SandboxProcess, workers: list[Process], messages: int) -> None:
    """SIGKILL for the worker that holds the line, once half of the messages were accepted."""
    while (await asyncio.to_thread(sandbox.state))["accepted"] < messages // 2:
        await asyncio.sleep(0.25)
    owner = await stand.admin.fetchval("SELECT owner FROM sender_lines WHERE lease_until > clock_timestamp()")
    holder = next(worker for worker in workers if f":{worker.pid}:" in owner)
    holder.process.kill()
    holder.process.wait()


def report(kind: str, messages: int, sandbox: SandboxProcess) -> bool:
    """The figures from the sandbox's own log."""
    accepted = [datetime.fromisoformat(line["at"]).timestamp() for line in sandbox.truth("accepted")]
    limited = [line["code"] for line in sandbox.truth("limited")]
    took_s = accepted[-1] - accepted[0]
    used = len(accepted) / (BURST + RATE * took_s)
    throttled = limited.count(130429) / (len(accepted) + len(limited))
    busiest = max(sum(1 for at in accepted[i : i + 400] if at < begin + 1) for i, begin in enumerate(accepted))
    kept = throttled <= MOST_THROTTLED and used >= LEAST_USED[kind]
    print(
        f"{kind}: {len(accepted):,} of {messages:,} accepted in {took_s:.1f} s ({len(accepted) / took_s:.2f}/s);"
        f" used {used:.1%} of the allowed rate; 130429: {limited.count(130429)} ({throttled:.3%});"
        f" other limits: {len(limited) - limited.count(130429)}; busiest second {busiest};"
        f" {'as promised' if kept else 'NOT as promised'}",
        flush=True,
    )
    return kept


if __name__ == "__main__":
    words = sys.argv[1:]
    began = time.monotonic()
    chosen = [word for word in words if word in LEAST_USED] or list(LEAST_USED)
    code = asyncio.run(main(int(next((word for word in words if word.isdigit()), "10000")), chosen))
    print(f"{time.monotonic() - began:.0f} s in all")
    sys.exit(code)
