"""One small demo for all tests of a file: the first 200 rows of the list, fast."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.kit.servers import throwaway_data_dir

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that has run: how it ended, what it printed, and both accounts of it."""

    code: int
    printed: str
    truth: Path
    results: Path
    left_behind: list[str]


def environment(temporary: Path, **settings: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TOPLU_")}
    return ours | {"TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)} | settings


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with throwaway_data_dir() as temporary, throwaway_data_dir() as kept:
        done = subprocess.run(
            [sys.executable, "-m", "app.demo", "--rows", "200", "--rate", "50", "--keep", str(kept)],
            cwd=ROOT,
            # An address of this machine is allowed, and not used.
            env=environment(temporary, TOPLU_WHATSAPP_URL="http://127.0.0.1:9"),
            capture_output=True,
            text=True,
        )
        left = [path.name for path in temporary.iterdir()]
        yield Demo(done.returncode, done.stdout + done.stderr, kept / "truth.ndjson", kept / "results.jsonl", left)
