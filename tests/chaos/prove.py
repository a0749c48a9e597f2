"""`make chaos PROVE=1`: take one guard away in a copy of the product, cause the trouble it is there for, and look.

Each scene is played twice: with the guard nothing may be violated; without it the invariant named here must be. Any
other violation, or a crash, does not count: it would be another guard's merit, or none's.
"""

import asyncio
import json
import shutil
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.invariants import check
from tests.chaos.load import Load
from tests.chaos.opening import open_stack
from tests.chaos.proxy import Trap
from tests.chaos.run import rest
from tests.chaos.stack import Stack
from tests.house import phone
from tests.worker_process import ROOT

FLOW = "app/dispatch/flow/"


@dataclass(frozen=True, slots=True)
class Guard:
    """A guard: what is taken out of which files (and of the database), the scene, and what is violated then.

    Where several guard the same, all of them are taken out: with one of them left, nothing happens.
    """

    name: str
    instead: dict[str, dict[str, str]]  # by file, from the flow: of each of these texts
    violates: str
    scene: Callable[[Stack, Load], Awaitable[None]]
    sql: str = ""
    more: dict[str, Any] = field(default_factory=dict)


async def late_record(stack: Stack, load: Load) -> None:
    """A frozen worker's record comes after another worker has claimed the message anew."""
    first = stack.workers[0]
    await stack.whatsapp.refuse()  # nothing leaves, so the message goes back to the queue
    trap = stack.worker_database.set(Trap("commit", "after", "hold", of="record"))
    await load.feed()
    await asyncio.wait_for(trap.sprung.wait(), 90)
    first.signal(signal.SIGSTOP)
    await stack.knobs(answer_delay_ms=5000, hold_webhooks=True)
    await stack.whatsapp.listen()
    stack.workers[1].start()
    stack.workers[1].wanted = True
    await _until(lambda: stack.accepted > 0)
    trap.drop()
    first.signal(signal.SIGCONT)
    await asyncio.sleep(10.0)  # time for a second post
    await stack.knobs(answer_delay_ms=0, hold_webhooks=False)


async def restricted_before_claim(stack: Stack, load: Load) -> None:
    """People are suppressed while their messages are queued."""
    await load.feed()
    await _suppress(stack, load.messages // 2)
    stack.workers[0].start()
    stack.workers[0].wanted = True


async def restricted_during_claim(stack: Stack, load: Load) -> None:
    """People are suppressed between the two statements of a claim and its COMMIT."""
    trap = stack.worker_database.set(Trap("commit", "before", "hold", of="claim"))
    await load.feed()
    await asyncio.wait_for(trap.sprung.wait(), 90)
    restricting = asyncio.create_task(_suppress(stack, load.messages))
    await asyncio.sleep(2.0)
    trap.release()
    await restricting


async def claim_unheard(stack: Stack, load: Load) -> None:
    """A claim is committed, and its worker, which lives on, does not hear so."""
    trap = stack.worker_database.set(Trap("commit", "after", "cut", of="claim"))
    await load.feed()
    await asyncio.wait_for(trap.sprung.wait(), 90)


async def named_twice(stack: Stack, load: Load) -> None:
    """The same list is streamed into a batch a second time."""
    body = {"sender": stack.senders[0], "template": {"name": "autumn_offer", "language": "tr"}, "on_invalid": "skip"}
    batch = await stack.post("/v1/batches", body | {"purpose": "campaign_information"}, "draft")
    rows = [{"to": phone(n), "variables": {"first_name": "Ayşe"}} for n in range(load.messages)]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    for key in ("stream-1", "stream-2"):
        headers = {"content-type": "application/x-ndjson", "idempotency-key": key}
        answer = await stack.client.post(f"/v1/batches/{batch['id']}/recipients", content=lines, headers=headers)
        answer.raise_for_status()
    started = await stack.post(f"/v1/batches/{batch['id']}/start", {}, "start")
    load.promised[batch["id"]] = started["total"]
    load.fed = load.messages


async def told_twice(stack: Stack, load: Load) -> None:
    """Every status comes twice."""
    await stack.knobs(duplicate_share=1.0, webhook_max_updates=1)
    await load.feed()


GUARDS = [
    Guard("the fence and the claim's number, when an answer is recorded",
          {"record.sql": {" AND q.fence = :fence": " AND CAST(:fence AS bigint) IS NOT NULL",
                          "               AND q.claims = coalesce(t.claim, q.claims)\n": ""}},
          "never twice", late_record,
          more={"workers": 2, "whatsapp_read_timeout_s": 8.0, "sending_lease_s": 60.0}),
    Guard("the gate, when a message is claimed", {"lease.sql": {" OR v.refusal IS NOT NULL": ""}},
          "no claim after a restriction", restricted_before_claim),
    Guard("the lock on people, when a message is claimed", {"lease.lock.sql": {"   FOR SHARE OF p SKIP LOCKED": ""}},
          "no claim after a restriction", restricted_during_claim),
    Guard("the look at a batch's recipients, their unique key, and the look at a page's people",
          {"enqueue.sql": {" AND m.recipient_key = g.member": " AND m.recipient_key = g.member AND false"},
           "lease.sql": {"j.next_state ORDER BY j.id) > 1)": "j.next_state ORDER BY j.id) > 1000)"}},
          "never twice", named_twice, sql="ALTER TABLE batch_members DROP CONSTRAINT batch_members_pkey"),
    Guard("the return of what was claimed and not heard of",
          {"../give_back.py": {"for id_ in unseen]": "for id_ in unseen if False]"}},
          "uncertain is explained", claim_unheard),
    Guard("the unique key of a status",
          {"settle.sql": {"    ON CONFLICT (message_id, dedupe) WHERE dedupe IS NOT NULL DO NOTHING\n": ""}},
          "statuses are kept once", told_twice, sql="DROP INDEX delivery_events_dedupe"),
]  # fmt: skip


async def main(seed: int, wanted: str = "") -> int:
    """Play the wanted scenes with and without their guard. 1 when a removal went unnoticed, or a scene is broken."""
    missed = 0
    chosen = [guard for guard in GUARDS if wanted in guard.name]
    for guard in chosen:
        began = time.monotonic()
        kept = await _play(guard, seed, ROOT)
        with tempfile.TemporaryDirectory(prefix="unguarded-") as copy:
            violated = await _play(guard, seed, _without(guard, Path(copy)))
        caught = not any(kept.values()) and bool(violated[guard.violates])
        missed += not caught
        seen = (violated[guard.violates] or ["NOTHING WAS NOTICED"])[0]
        print(f"{'caught' if caught else 'MISSED':7} {guard.name} -> {guard.violates}: {seen}")
        for name, wrong in kept.items():
            if wrong:
                print(f"        with the guard in place: {name}: {wrong[0]}")
        print(f"        {time.monotonic() - began:.0f} s", flush=True)
    print(f"{len(chosen) - missed} of {len(chosen)} removals were caught")
    return 1 if missed else 0


def _without(guard: Guard, copy: Path) -> Path:
    """The product in a throwaway folder, and one guard less."""
    for part in ("app", "migrations"):  # the API asks whether the database is migrated
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "alembic.ini", copy)
    for file, changes in guard.instead.items():
        statement = copy / FLOW / file
        text = statement.read_text("utf-8")
        for guarding, instead in changes.items():
            if text.count(guarding) != 1:
                raise SystemExit(f"{file} does not hold the guard any more: {guard.name}")
            text = text.replace(guarding, instead)
        statement.write_text(text, "utf-8")
    return copy


async def _play(guard: Guard, seed: int, root: Path) -> dict[str, list[str]]:
    """One scene. With the product's own code all guards are in place."""
    messages = 1 if guard.scene is late_record else 20
    idle = {late_record: 1, restricted_before_claim: 0}.get(guard.scene)
    more = {"workers": 1, **guard.more}
    async with open_stack(seed, root=root, senders=1, rate=200, idle_after=idle, **more) as stack:
        load = Load(stack, messages, size=messages, people=messages)
        if guard.sql and root is not ROOT:
            await stack.ask(guard.sql)
        await load.consent()
        await guard.scene(stack, load)
        resting = await rest(stack, load, 60.0)
        found, _ = await check(stack, load, stops=[], at_risk=set())
        return found | {"it comes to rest": resting}


async def _suppress(stack: Stack, people: int) -> None:
    body = {"people": [{"to": phone(n)} for n in range(people)], "scope": "marketing", "by": "person", "channel": "api"}
    await stack.post("/v1/suppressions", body, "suppress")


async def _until(so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not so():
        if time.monotonic() > deadline:
            raise RuntimeError("the scene did not come about")
        await asyncio.sleep(0.05)
