"""Health: named checks, each with a short deadline, asked together and remembered for about a second.

A failing critical check makes the whole `fail` (503); a failing informative one makes it `warn` (200). The
body is the common shape of `application/health+json` (draft-inadarei-api-health-check-06, expired but still
what tools read). What went wrong is told by the exception's class alone: its text may hold addresses and
values.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import MISSING, BaseModel

from app.kit.clock import utc_now

MEDIA_TYPE = "application/health+json"

Observed = Mapping[str, str | int | float | bool | None]
Report = tuple[int, dict[str, object]]


class CheckBody(BaseModel):
    """How one check went. `output` is why it failed, `observed` what it saw."""

    status: Literal["pass", "fail"]
    critical: bool
    output: str | MISSING = MISSING
    observed: dict[str, Any] | MISSING = MISSING


class HealthBody(BaseModel):
    """`pass`; `warn` when something is wrong that does not keep us from serving; `fail` otherwise."""

    status: Literal["pass", "warn", "fail"]
    time: str | MISSING = MISSING
    checks: dict[str, list[CheckBody]] | MISSING = MISSING


@dataclass(frozen=True, slots=True)
class Check:
    """One question. `ask` returns what it saw (ids and numbers only), or None, or raises: then it failed."""

    name: str
    ask: Callable[[], Awaitable[Observed | None]]
    critical: bool = True
    timeout_s: float = 1.0


@dataclass(slots=True)
class Health:
    """A set of checks behind one endpoint. However many ask at once, the checks run once per `remember_s`."""

    checks: Sequence[Check]
    remember_s: float = 1.0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)
    _last: Report | None = field(default=None, repr=False)
    _until: float = field(default=0.0, repr=False)

    async def report(self) -> Report:
        """The HTTP status (200 or 503) and the body."""
        async with self._lock:
            if self._last is None or time.monotonic() >= self._until:
                self._last = await self._ask_all()
                self._until = time.monotonic() + self.remember_s
            return self._last

    async def _ask_all(self) -> Report:
        answers = await asyncio.gather(*(_ask(check) for check in self.checks))
        pairs = list(zip(self.checks, answers, strict=True))
        failed = [check for check, answer in pairs if answer["status"] == "fail"]
        fatal = any(check.critical for check in failed)
        body: dict[str, object] = {
            "status": "fail" if fatal else "warn" if failed else "pass",
            "time": utc_now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "checks": {check.name: [answer] for check, answer in pairs},
        }
        return (503 if fatal else 200), body


def alive() -> Report:
    """What a process says that can still answer: nothing else is asked."""
    return 200, {"status": "pass"}


async def _ask(check: Check) -> dict[str, object]:
    answer: dict[str, object] = {"status": "pass", "critical": check.critical}
    try:
        async with asyncio.timeout(check.timeout_s):
            observed = await check.ask()
    except TimeoutError:
        return answer | {"status": "fail", "output": f"no answer within {check.timeout_s:g} s"}
    except Exception as failure:  # noqa: BLE001 - a check may fail in any way, and that is its answer
        return answer | {"status": "fail", "output": type(failure).__name__}
    return answer | {"observed": dict(observed)} if observed else answer
