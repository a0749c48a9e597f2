"""The parts of the stack as processes: begun, begun again when they die, stopped in order."""

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import app
from app.cli.errors import Stop
from app.cli.place import Place
from app.kit.servers.account import Account
from app.kit.servers.errors import tail
from app.kit.servers.process import Child, Signals

MOST_DEATHS = 5  # of one part within a minute; then something is wrong that no new start mends
WITHIN_S = 60.0


@dataclass(slots=True)
class Deaths:
    """How often something ended by itself lately."""

    _at: list[float] = field(default_factory=list)

    def count(self, name: str, log_file: Path) -> None:
        """One more. Raises Stop with the end of its log when it ends again and again."""
        now = time.monotonic()
        self._at = [at for at in self._at if at > now - WITHIN_S] + [now]
        if len(self._at) > MOST_DEATHS:
            raise Stop(f"{name} keeps ending. The end of {log_file}:{tail(log_file)}")


@dataclass(slots=True)
class Part:
    """One program of ours and how it is stopped. Its output goes to its log in the place."""

    place: Place
    name: str
    words: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    patience_s: float
    _child: Child | None = None
    _deaths: Deaths = field(default_factory=Deaths)

    def begin(self) -> None:
        """Start the program. The kernel sends it SIGTERM when we die, however we die."""
        with self.place.open_log(self.name) as sink:
            self._child = Child(
                # -P: the folder we stand in may hold somebody else's `app`.
                [sys.executable, "-P", "-m", *self.words],
                account=Account(os.geteuid(), os.getegid(), drop=False),
                cwd=Path.cwd(),
                log=sink.fileno(),
                death_signal=signal.SIGTERM,
                stop_signals=self._signals(),
                environment=_with_our_package(self.environment),
            )

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._child is not None and self._child.running

    def begin_again(self) -> None:
        """Start it after it died. Raises Stop with the end of its log when it dies again and again."""
        self._deaths.count(f"The {self.name}", self.place.log_file(self.name))
        self.begin()

    def stop(self) -> None:
        """Ask it to end and wait for it. Safe to repeat."""
        if self._child is not None:
            child, self._child = self._child, None
            child.stop()

    def _signals(self) -> Signals:
        return ((signal.SIGTERM, self.patience_s), (signal.SIGKILL, 5.0))


def _with_our_package(environment: Mapping[str, str]) -> dict[str, str]:
    """The same, in which `app` is this very package, wherever the process stands."""
    ours = str(Path(app.__file__).resolve().parents[1])
    before = environment.get("PYTHONPATH")
    return {**environment, "PYTHONPATH": f"{ours}{os.pathsep}{before}" if before else ours}
