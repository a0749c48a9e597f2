"""A server as a process: begun under its account, tied to our life, stopped by its pid."""

import atexit
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.kit.servers.account import Account
from app.kit.servers.errors import ServerError

LAUNCH = Path(__file__).with_name("launch.py")
# Nothing of the caller's: PGDATA, PGOPTIONS, LD_PRELOAD and the like would change what is started.
ENVIRONMENT = {"PATH": os.defpath, "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}

# Signals to send one after the other, each with the seconds it is given.
Signals = tuple[tuple[signal.Signals, float], ...]


def free_port(wish: int = 0) -> int:
    """Return a TCP port of 127.0.0.1 that is free now: the wished one, or any when 0 or taken.

    It may be taken again before the server binds it; who starts the server looks and asks again.
    """
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("127.0.0.1", wish))
        except OSError:
            sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def alive(pid: int) -> bool:
    """Tell whether a process exists and has not merely not been reaped."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        # The state follows the name, which is in brackets and may hold anything.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return sys.platform != "linux"


def end(pid: int, signals: Signals) -> bool:
    """Stop a process that is not our child: each signal in turn, with its patience. True when it is gone."""
    for number, patience_s in signals:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if not alive(pid):
                return True
            time.sleep(0.05)
    return not alive(pid)


def launch_command(command: Sequence[str], account: Account, death_signal: signal.Signals) -> list[str]:
    """Put the launcher before a command."""
    words = [account.uid, account.gid, int(death_signal), os.getpid()]
    return [sys.executable, "-I", "-S", str(LAUNCH), *map(str, words), *command]


def run(command: Sequence[str], *, account: Account, cwd: Path, log: int) -> int:
    """Run a command under the account to its end, its output into the log, and return its exit code."""
    with subprocess.Popen(
        launch_command(command, account, signal.SIGTERM),
        cwd=cwd,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    ) as process:
        return process.wait()


class Child:
    """A server we began, and the thread that began it and waits for it.

    The thread is not for comfort: Linux sends the death signal when the *thread* that forked ends, and pools
    end idle threads after seconds. This one ends with the process.
    The child has a session of its own, so Ctrl-C reaches us alone and we stop it in order.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        account: Account,
        cwd: Path,
        log: int,
        death_signal: signal.Signals,
        stop_signals: Signals,
        environment: Mapping[str, str] = ENVIRONMENT,
    ) -> None:
        """Begin the process and return once it has a pid. Raises OSError when it cannot be begun."""
        self._environment = environment
        self._stop_signals = stop_signals
        self._begun_by = os.getpid()
        self._ready = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._failure: OSError | None = None
        words = launch_command(command, account, death_signal)
        thread = threading.Thread(target=self._hold, args=(words, cwd, log), name="server", daemon=True)
        thread.start()
        self._ready.wait()
        if self._failure is not None:
            raise self._failure
        atexit.register(self.stop)

    def _hold(self, words: list[str], cwd: Path, log: int) -> None:
        try:
            self._process = subprocess.Popen(
                words,
                cwd=cwd,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        except OSError as failure:
            self._failure = failure
            return
        finally:
            self._ready.set()
        self._process.wait()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process as the standard library sees it."""
        if self._process is None:
            raise ServerError("the server was never begun")
        return self._process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def stop(self) -> None:
        """Send each stop signal in turn, with its patience, until the process has ended. Safe to repeat.

        Raises ServerError when even the last one did not end it.
        """
        if os.getpid() != self._begun_by:
            return  # a fork of ours runs its exit handlers; the server is not its own
        atexit.unregister(self.stop)
        for number, patience_s in self._stop_signals:
            self.process.send_signal(number)
            try:
                self.process.wait(patience_s)
            except subprocess.TimeoutExpired:
                continue
            return
        raise ServerError(f"process {self.pid} does not end")
