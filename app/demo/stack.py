"""The stack under the demo: `toplu up` in a throwaway folder, and no way to anything but this machine."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import app
from app.demo.errors import DemoFailed
from app.kit.net import is_loopback
from app.kit.servers import throwaway_data_dir
from app.kit.servers.account import Account
from app.kit.servers.errors import tail
from app.kit.servers.process import Child, Signals

PATIENCE_S = 120.0
STOP: Signals = ((signal.SIGTERM, 150.0), (signal.SIGKILL, 5.0))  # its worker drains first


@dataclass(frozen=True, slots=True)
class Stack:
    """What `toplu up` announced: where the API and the sandbox are, a key, and what `toplu init` made."""

    url: str
    key: str = field(repr=False)
    sender: str
    notice_version: str
    sandbox: str
    truth: str
    folder: str


def refuse_far_whatsapp(address: str | None) -> None:
    """Raises DemoFailed for a WhatsApp that is not on this machine: the list is invented, its numbers may be taken."""
    if address is not None and not is_loopback(urlsplit(address).hostname):
        raise DemoFailed("TOPLU_WHATSAPP_URL is not an address of this machine, and the demo writes to no other.")


@contextmanager
def run_stack() -> Iterator[Stack]:
    """Start everything, lend it, stop everything, remove the folder; also after Ctrl-C.

    Of the environment no TOPLU_ setting is passed on: the demo never touches a database it did not make.
    """
    with throwaway_data_dir("toplu-demo-") as folder:
        log_file = folder / "up.log"
        with log_file.open("wb") as log:
            child = _begin(folder, log.fileno())
        try:
            stack = _await_announcement(child, folder, log_file)
            refuse_far_whatsapp(stack.sandbox)
            yield stack
        finally:
            # A second Ctrl-C must not leave half of it behind.
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            child.stop()


def environment() -> dict[str, str]:
    """Ours without a TOPLU_ setting, and with this very package."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("TOPLU_")}
    return ours | {"PYTHONPATH": str(Path(app.__file__).resolve().parents[1])}


def _begin(folder: Path, log: int) -> Child:
    words = ["app", "up", "--port", "0", "--sandbox-port", "0", "--data-dir", str(folder / "data")]
    return Child(
        [sys.executable, "-P", "-m", *words, "--announce", str(folder / "announced.json")],
        account=Account(os.geteuid(), os.getegid(), drop=False),
        cwd=folder,
        log=log,
        death_signal=signal.SIGTERM,
        stop_signals=STOP,
        environment=environment(),
    )


def _await_announcement(child: Child, folder: Path, log_file: Path) -> Stack:
    deadline = time.monotonic() + PATIENCE_S
    announced = folder / "announced.json"
    while not announced.exists():
        if not child.running or time.monotonic() > deadline:
            raise DemoFailed(f"The stack did not start.{tail(log_file)}")
        time.sleep(0.05)
    return Stack(**json.loads(announced.read_text(encoding="utf-8")), folder=str(folder))
