"""The command as an operator runs it: its own process, its own folder, no setting of ours in its environment."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from app.kit.servers import throwaway_data_dir

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    with throwaway_data_dir() as place:
        yield place


def environment(**settings: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TOPLU_")}
    return ours | {"PYTHONPATH": str(ROOT)} | settings


def toplu(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *words],
        cwd="/",
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
    )


@dataclass(slots=True)
class Running:
    """A `toplu up` that answers."""

    process: subprocess.Popen[bytes]
    data_dir: Path
    told: dict[str, Any] = field(repr=False)
    printed: str = field(repr=False)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(60)

    @property
    def children(self) -> list[int]:
        found: list[int] = []
        for listed in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            with suppress(FileNotFoundError, ProcessLookupError):  # a thread that ended since it was listed
                found += [int(pid) for pid in listed.read_text().split()]
        return found


@contextmanager
def up(folder: Path, **settings: str) -> Iterator[Running]:
    """`toplu up` in `folder/data`; what still runs at the end is killed, and its children with it."""
    announced, log = folder / "announced.json", folder / "up.log"
    announced.unlink(missing_ok=True)
    words = [
        "up",
        "--port",
        "0",
        "--sandbox-port",
        "0",
        "--data-dir",
        str(folder / "data"),
        "--announce",
        str(announced),
    ]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", *words], cwd="/", env=environment(**settings), stdout=sink, stderr=sink
        )
    try:
        deadline = time.monotonic() + 60
        while not announced.exists():
            assert process.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield Running(process, folder / "data", json.loads(announced.read_text()), log.read_text())
    finally:
        process.kill()
        process.wait()
