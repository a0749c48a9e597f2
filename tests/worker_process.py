"""A real worker, in a process of its own, as production runs it."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

from app.settings import Settings

ROOT = Path(__file__).resolve().parents[1]


def environment(settings: Settings) -> dict[str, str]:
    """Settings as the environment of a process."""
    given = {}
    for name, value in settings:
        if value is None:
            continue
        plain = value.get_secret_value() if hasattr(value, "get_secret_value") else value
        given[f"TOPLU_{name.upper()}"] = str(plain)
    return given


class WorkerProcess:
    """`toplu worker` with the settings of a house. Its output goes to a file."""

    def __init__(self, settings: Settings, log: Path, **more: object) -> None:
        changed = settings.model_copy(update=more)
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app", "worker"],
                cwd=ROOT,
                env={**os.environ, **environment(changed)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def terminate(self, timeout_s: float = 30) -> int:
        """SIGTERM, and wait for the end. Returns the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
