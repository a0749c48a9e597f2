"""One run: accept, send, withdraw and break at the same time; then wait for quiet, and check."""

import asyncio
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from tests.chaos.faults import FAULTS, LEAVING, PARTING
from tests.chaos.invariants import check
from tests.chaos.life import Life
from tests.chaos.load import Load
from tests.chaos.opening import open_stack
from tests.chaos.plan import Strike, command, draw
from tests.chaos.recovery import COMMITTED_S, RECOVERED_S, Webhooks, recovered, under_way
from tests.chaos.stack import Stack
from tests.worker_process import ROOT

log = structlog.get_logger()

QUIET_S = 240.0


@dataclass(slots=True)
class Report:
    """What a run found. `ok` when nothing is violated."""

    command: str
    faults: Counter[str] = field(default_factory=Counter)
    recovery_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    violations: dict[str, list[str]] = field(default_factory=dict)
    figures: dict[str, int] = field(default_factory=dict)
    webhooks_s: dict[str, list[float]] = field(default_factory=dict)
    at_risk: set[str] = field(default_factory=set)  # under way when a fault struck that may cost certainty
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether everything held."""
        return not any(self.violations.values())

    def lines(self) -> list[str]:
        """The report as text."""
        said = [f"{self.command}: {sum(self.faults.values())} faults in {self.seconds:.0f} s"]
        for kind, n in sorted(self.faults.items()):
            worst, read = max(self.recovery_s[kind], default=0.0), max(self.webhooks_s.get(kind, ()), default=0.0)
            said.append(f"  {kind:20} {n:4}   recovered in {worst:5.1f} s at most, webhooks read in {read:5.1f}")
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
    kinds = kinds or list(FAULTS)
    report = Report(command(seed=seed, messages=messages, faults=faults, rate=rate, kinds=kinds, hurry=hurry))
    print(report.command, flush=True)  # also when this never comes to its end
    began = time.monotonic()
    async with open_stack(seed, root=root, rate=rate, **more) as stack:
        load, webhooks = Load(stack, messages, withdrawals=messages // 100), Webhooks(stack)
        life = Life(load)
        await load.consent()
        breaking = _break(stack, load, report, webhooks, draw(seed, faults, kinds))
        await asyncio.gather(breaking, load.feed(), load.withdraw(), life.live())
        await webhooks.end(hurry=hurry)
        if hurry:
            await end_leases(stack)
        report.violations["it comes to rest"] = await rest(stack, load)
        held, figures = await check(stack, load, stops=life.stops, at_risk=report.at_risk)
        report.violations |= held
        report.figures = figures | {
            "withdrawals": load.withdrew,
            "pauses and cancellations": len(life.stops),
            "at risk, at most: under way when a fault struck that may cost certainty": len(report.at_risk),
        }
    report.webhooks_s = webhooks.read_s
    slow = [f"{kind}: {s:.0f} s" for kind, all_s in report.recovery_s.items() for s in all_s if s > RECOVERED_S]
    report.violations["recovery within 60 s"] = slow + webhooks.late()
    report.seconds = time.monotonic() - began
    return report


async def _break(stack: Stack, load: Load, report: Report, webhooks: Webhooks, strikes: list[Strike]) -> None:
    """Spread the faults evenly over the messages. The seed decided which and in which order."""
    for number, strike in enumerate(strikes, 1):
        while await load.done() * (len(strikes) + 1) < number * load.messages:
            await asyncio.sleep(0.1)
        await asyncio.sleep(strike.pause_s)
        report.faults[strike.kind] += 1
        await _strike(stack, report, webhooks, number, strike)
        seconds = await recovered(stack)
        report.recovery_s[strike.kind].append(seconds)
        log.info("chaos.fault", number=number, kind=strike.kind, recovered_s=round(seconds, 1))


async def _strike(stack: Stack, report: Report, webhooks: Webhooks, number: int, strike: Strike) -> None:
    """One fault, and what it may cost: noted just before, and of a worker that cannot speak any more just after."""
    looking = []
    if strike.kind in PARTING:
        report.at_risk |= await under_way(stack)
    if strike.kind in LEAVING:
        await webhooks.leave(number, strike.kind)
        looking.append(asyncio.create_task(_look_again(stack, report, webhooks, number, strike.kind)))
    await FAULTS[strike.kind][0](stack, strike.rng)
    await asyncio.gather(*looking)
    await webhooks.follow(number, strike.kind)


async def _look_again(stack: Stack, report: Report, webhooks: Webhooks, number: int, kind: str) -> None:
    await asyncio.sleep(COMMITTED_S)
    report.at_risk |= await under_way(stack)
    await webhooks.leave(number, kind)


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
