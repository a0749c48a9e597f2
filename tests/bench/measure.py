"""Run ours and its references in turns, and say them with their ratio. Medians: no machine is ours alone."""

import json
import os
import platform
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results.json"

Once = Callable[[], Awaitable[float]]


@dataclass(slots=True)
class Line:
    """One line of the table. `ratio` is ours to the reference's; units are in the name."""

    case: str
    unit: str
    ours: float
    reference: float | None = None
    reference_name: str = ""
    runs: list[float] = field(default_factory=list)
    reference_runs: list[float] = field(default_factory=list)
    goal: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours to the reference's; None without one."""
        return self.ours / self.reference if self.reference else None


async def in_turns(*sides: Once, rounds: int) -> list[list[float]]:
    """Each side `rounds` times, one after the other, so that a slow minute meets all of them."""
    runs: list[list[float]] = [[] for _ in sides]
    for _ in range(rounds):
        for side, kept in zip(sides, runs, strict=True):
            kept.append(await side())
    return runs


def line_of(
    case: str,
    unit: str,
    mine: Sequence[float],
    theirs: Sequence[float] = (),
    *,
    reference_name: str = "",
    goal: str = "",
    note: str = "",
) -> Line:
    """A line from the single runs."""
    return Line(
        case,
        unit,
        statistics.median(mine),
        statistics.median(theirs) if theirs else None,
        reference_name,
        list(mine),
        list(theirs),
        goal,
        note,
    )


def machine(servers: dict[str, str]) -> dict[str, object]:
    """What it ran on, and with which versions."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in _read("/proc/cpuinfo").splitlines()
            if line.startswith("model name")
        ),
        platform.processor(),
    )
    names = ["fastapi", "uvicorn", "uvloop", "httptools", "sqlalchemy", "asyncpg", "httpx", "aiohttp", "arq"]
    names += ["msgspec", "pydantic"]
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "python": platform.python_version(),
        "system": platform.platform(),
        "servers": servers,
        "libraries": {name: version(name) for name in names},
        "toplu": version("toplu"),
    }


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def show(lines: Sequence[Line]) -> str:
    """The table, for people."""
    rows = [("case", "unit", "ours", "runs", "reference", "ratio", "goal")]
    for line in lines:
        ratio = "" if line.ratio is None else f"{line.ratio:.2f}"
        reference = "" if line.reference is None else f"{_short(line.reference)} ({line.reference_name})"
        times = "once" if len(line.runs) == 1 else str(len(line.runs))
        rows.append((line.case, line.unit, _short(line.ours), times, reference, ratio, line.goal))
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    told = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    notes = [f"{line.case}: {line.note}" for line in lines if line.note]
    return "\n".join([told[0], "-" * len(told[0]), *told[1:], "", *notes])


def save(lines: Sequence[Line], settings: dict[str, object], servers: dict[str, str]) -> None:
    """Everything, for machines: `tests/bench/results.json`."""
    whole = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": machine(servers),
        "settings": settings,
        "lines": [asdict(line) | {"ratio": line.ratio} for line in lines],
    }
    RESULTS.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _short(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:.3g}"
