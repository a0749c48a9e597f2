"""What the tests of the embedded servers share: a folder, and a program that starts a server and waits."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.kit.servers import throwaway_data_dir

ROOT = Path(__file__).resolve().parents[2]
# Starts the servers named, prints what the test wants to know, and waits to be killed.
PROGRAM = """
import sys, time
from pathlib import Path
from app.kit.servers import FAST_AND_FORGETFUL, Postgres, Valkey
folder = Path(sys.argv[1])
postgres = Postgres.start(folder / "postgres", settings=FAST_AND_FORGETFUL)
valkey = Valkey.start(folder / "valkey")
print(postgres.pid, valkey.pid, postgres.admin_url, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def place() -> Iterator[Path]:
    with throwaway_data_dir() as folder:
        yield folder


@pytest.fixture
def begin() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Begin the program above in a process of its own; what still runs at the end is killed."""
    begun: list[subprocess.Popen[str]] = []

    def start(folder: Path) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()
