"""Write docs/kvkk.md from the tests' own markers: `python -m tests.kvkk.document`, or `make kvkk`.

Which test shows which row is asked of pytest, by collecting them all in a process of its own.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.kvkk.rows import OBLIGATIONS, PRINCIPLES, PURPOSES, QUESTIONS, ROWS, Row

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "kvkk.md"
MOST_ROWS = 3

HEAD = """# What the law and the first promise ask for, and what shows that it works

Toplu began as the privacy text of a Turkish bulk-message service.
Each of its obligations (O), each of its purposes (P), and each principle of Law 6698 (KVKK), article 4/2, is a row.
Each row names the feature that keeps it and the tests that show it; the tests run in `make test`.
This page is generated from the tests' markers by `make kvkk`, and a test fails when it is out of date.
It is not legal advice.
"""


class Incomplete(Exception):
    """A row without a test, a test that shows too much, or one that never runs."""


def collect() -> dict[str, list[str]]:
    """Every test with a `covers` marker, as `path::name` (parameters dropped), and its rows. Raises Incomplete."""
    asked = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "tests.kvkk.plugin", "-m", "covers", "tests"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    line = next((line for line in done.stdout.splitlines() if line.startswith("COVERS ")), None)
    if line is None:
        raise Incomplete(f"the tests could not be collected:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    found: list[dict[str, object]] = json.loads(line.removeprefix("COVERS "))
    return judge(found)


def judge(items: Iterable[Mapping[str, object]]) -> dict[str, list[str]]:
    """Tests by row. Raises Incomplete: what is wrong with them, all of it."""
    known = [row.id for row in ROWS]
    shown: dict[str, list[str]] = {row: [] for row in known}
    wrong: list[str] = []
    for item in items:
        name, rows = str(item["test"]), item["rows"]
        assert isinstance(rows, Sequence)
        if len(rows) > MOST_ROWS:
            wrong.append(f"{name} covers {len(rows)} rows; {MOST_ROWS} at most")
        if item["dead"]:
            wrong.append(f"{name} never runs: {item['dead']}")
        for row in rows:
            if row not in shown:
                wrong.append(f"{name} covers {row}, which is no row")
            elif name not in shown[row]:
                shown[row].append(name)
    wrong += [f"no test covers {row}" for row in known if not shown[row]]
    if wrong:
        raise Incomplete("\n".join(wrong))
    return shown


def write(shown: Mapping[str, Sequence[str]]) -> str:
    """The whole page."""
    parts = [HEAD]
    for title, rows in (
        ("Obligations", OBLIGATIONS),
        ("Purposes", PURPOSES),
        ("Principles: Law 6698, article 4/2", PRINCIPLES),
    ):
        parts.append(
            f"## {title}\n\n| row | asks for | in Toplu | shown by |\n|---|---|---|---|\n{_table(rows, shown)}"
        )
    return "\n".join([*parts, _questions()])


def _questions() -> str:
    answered = "".join(f"| {one.asks} | {_tests(one.tests)} |\n" for one in QUESTIONS if one.tests)
    waiting = "".join(f"| {one.asks} | {one.open} |\n" for one in QUESTIONS if one.open)
    return (
        f"## What a lawyer asks first\n\n| question | answered by |\n|---|---|\n{answered}\n"
        f"## Still open\n\n| question | what it waits for |\n|---|---|\n{waiting}"
    )


def _tests(names: Iterable[str]) -> str:
    return "<br>".join(f"`{name}`" for name in names)


def _table(rows: Iterable[Row], shown: Mapping[str, Sequence[str]]) -> str:
    lines = (f"| {row.id} | {row.asks} | {row.feature} | {_tests(sorted(shown[row.id]))} |\n" for row in rows)
    return "".join(lines)


if __name__ == "__main__":
    try:
        DOCUMENT.write_text(write(collect()), encoding="utf-8")
    except Incomplete as incomplete:
        raise SystemExit(str(incomplete)) from None
