"""One run: accept, send, withdraw and break at the same time; then wait for quiet, and check."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

import httpx
import structlog

from app.dispatch.pacing.number import AHEAD_S
from tests.chaos.faults import FAULTS, PARTING
from tests.chaos.invariants import check
from tests.chaos.load import Load
from tests.chaos.opening import open_stack
from tests.chaos.stack import Stack
from tests.worker_process import ROOT

log = structlog.get_logger()

LOOK_S = 0.1
RECOVERED_S = 60.0
QUIET_S = 240.0

# The numbers with something due. The earliest of each batch, by its index: asked as EXISTS over the join it read the
# whole queue whenever one line had nothing due (25 to 50 ms at 100,000 messages, five times a second; this one 0.2 ms).
_WAITING = (
    "SELECT DISTINCT s.phone_number_id AS number FROM batches AS b JOIN senders AS s ON s.id = b.sender_id"
    " WHERE b.state = 'running' AND (SELECT d.due_at FROM dispatch AS d WHERE d.batch_id = b.id AND d.state = 'queued'"
    " ORDER BY d.due_at LIMIT 1) < clock_timestamp() - interval '1 second'"
)


@dataclass(slots=True)
class Report:
    """What a run found. `ok` when nothing is violated."""

    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    recovery_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    violations: dict[str, list[str]] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)
    at_risk: int = 0  # messages that faults may have parted from the worker that had them in flight
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether everything held."""
        return not any(self.violations.values())

    def lines(self) -> list[str]:
        """The report as text."""
        said = [f"seed {self.seed}: {sum(self.faults.values())} faults in {self.seconds:.0f} s"]
        for kind, n in sorted(self.faults.items()):
            worst = max(self.recovery_s[kind], default=0.0)
            said.append(f"  {kind:20} {n:4}   recovered in {worst:5.1f} s at most")
        said += [f"  {n:8} {what}" for what, n in self.figures.items()]
        for name, wrong in self.violations.items():
            said.append(f"  {'VIOLATED' if wrong else 'holds':8} {name}")
            said += [f"           {one}" for one in wrong]
        return said


async def run(
    *,
    seed: int,
    messages: int,
    faults: int,
    kinds: list[str] | None = None,
    rate: int = 40,
    hurry: bool = False,
    root: Path = ROOT,
    **more: Any,
) -> Report:
    """Open the stack, run, check. `hurry`: do not wait for the leases of the dead at the end, end them."""
    report = Report(seed)
    began = time.monotonic()
    async with open_stack(seed, root=root, rate=rate, **more) as stack:
        load = Load(stack, messages, withdrawals=messages // 100)
        await load.consent()
        work = [asyncio.create_task(load.feed()), asyncio.create_task(load.withdraw())]
        async with _watching(stack, rate * len(stack.senders)) as flight:
            breaking = _break(stack, load, report, flight, faults=faults, kinds=kinds or list(FAULTS))
            await asyncio.gather(breaking, *work)
        if hurry:
            await end_leases(stack)
        report.violations["it comes to rest"] = await rest(stack, load)
        held, figures = await check(stack, load, at_risk=report.at_risk)
        report.violations |= held
        report.figures = figures | {"withdrawals": load.withdrew, "at risk in crashes, at most": report.at_risk}
    slow = [f"{kind}: {s:.0f} s" for kind, all_s in report.recovery_s.items() for s in all_s if s > RECOVERED_S]
    report.violations["recovery within 60 s"] = slow
    report.seconds = time.monotonic() - began
    return report


@dataclass(slots=True)
class Flight:
    """The most messages that were really in flight since `peak` was set to 0: claimed, under a fence that is held."""

    stack: Stack
    rate: int  # messages per second of all lines
    peak: int = 0

    async def look(self) -> None:
        """Once. What a worker left behind when it lost its line is not its any more, and was counted then."""
        rows = await self.stack.ask(
            "SELECT count(*)::int AS n FROM dispatch AS d JOIN sender_lines AS l"
            " ON l.sender_id = d.sender_id AND l.fence = d.fence WHERE d.state = 'sending'"
        )
        self.peak = max(self.peak, rows[0]["n"])

    async def go_on(self) -> None:
        """Again and again."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    @property
    def most(self) -> int:
        """What was seen, and what the lines may have claimed between two looks: as far ahead as their pace allows."""
        return self.peak + ceil(self.rate * AHEAD_S)


@asynccontextmanager
async def _watching(stack: Stack, rate: int) -> AsyncIterator[Flight]:
    flight = Flight(stack, rate)
    looking = asyncio.create_task(flight.go_on())
    try:
        yield flight
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def _break(stack: Stack, load: Load, report: Report, flight: Flight, *, faults: int, kinds: list[str]) -> None:
    """Spread the faults evenly over the messages. The seed decides which and when."""
    weights = [FAULTS[kind][1] for kind in kinds]
    for number in range(1, faults + 1):
        while await load.done() * (faults + 1) < number * load.messages:
            await asyncio.sleep(0.1)
        kind = stack.rng.choices(kinds, weights)[0]
        report.faults[kind] += 1
        await asyncio.sleep(stack.rng.random() * 0.5)
        flight.peak = 0
        await flight.look()
        await FAULTS[kind][0](stack)
        seconds = await recovered(stack)
        if kind in PARTING:
            report.at_risk += flight.most
        report.recovery_s[kind].append(seconds)
        log.info("chaos.fault", number=number, kind=kind, recovered_s=round(seconds, 1))


async def recovered(stack: Stack) -> float:
    """Seconds until every line that has work was heard by WhatsApp again, and the API answers."""
    began = time.monotonic()
    while time.monotonic() - began < 2 * RECOVERED_S:
        waiting = await stack.ask(_WAITING)
        silent = [row["number"] for row in waiting if stack.heard.get(row["number"], 0.0) < began + 0.2]
        if not silent and await _answers(stack):
            return time.monotonic() - began
        await asyncio.sleep(0.2)
    return time.monotonic() - began


async def _answers(stack: Stack) -> bool:
    with suppress(httpx.HTTPError):
        return (await stack.client.get("/readyz", timeout=2)).is_success
    return False


async def end_leases(stack: Stack) -> None:
    """All workers drain and end; what is `sending` then was left by the dead, and its time is over."""
    for worker in stack.workers:
        await worker.end()
    await stack.ask("UPDATE dispatch SET lease_until = '-infinity' WHERE state = 'sending'")
    await stack.ask("UPDATE sender_lines SET lease_until = '-infinity'")
    await stack.ask("UPDATE webhook_queue SET due_at = '-infinity'")
    for worker in stack.workers:
        worker.wanted = True


async def rest(stack: Stack, load: Load, patience_s: float = QUIET_S) -> list[str]:
    """Wait until nothing is pending, every webhook is acknowledged and every status applied."""
    deadline = time.monotonic() + patience_s
    left = "?"
    while time.monotonic() < deadline:
        pending = await load.pending()
        state = await asyncio.to_thread(stack.sandbox.state)
        raw = (await stack.ask("SELECT count(*)::int AS n FROM webhook_queue"))[0]["n"]
        left = f"{pending} messages, {state['pending_webhooks']} webhooks, {raw} bodies"
        if not pending and not state["pending_webhooks"] and not raw:
            return []
        await asyncio.sleep(0.3)
    return [f"after {patience_s:.0f} s there were still {left}"]
