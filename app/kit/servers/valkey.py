"""Valkey 9 from the wheel's program, in a folder of its own."""

import re
import signal
import socket
import time
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import structlog

from app.kit.servers.directory import DataDir
from app.kit.servers.errors import ServerError, tail
from app.kit.servers.process import Child, Signals, end, free_port
from app.kit.servers.programs import usable_valkey

log = structlog.get_logger(__name__)

PASSWORD = "valkey.password"  # noqa: S105 - a file's name
CONFIGURATION = "valkey.conf"
LOG = "valkey.log"
PATIENCE_S = 60.0
STOP: Signals = ((signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0))


class Valkey:
    """A running Valkey server. Make one with `start`; it is a context manager that stops it.

    Listens on 127.0.0.1 with a password and never evicts a key.
    """

    def __init__(self, place: DataDir, *, durable: bool) -> None:
        """Not for callers: use `start`."""
        self._place = place
        self._durable = durable
        self._password = place.secret(PASSWORD)
        self._child: Child | None = None
        self.port = 0
        self.data_dir = place.path
        self.log_file = place.path / LOG

    @classmethod
    def start(cls, data_dir: Path, *, port: int = 0, durable: bool = False) -> Self:
        """Start the server of this data directory.

        Blocks until it has answered with the password. Measured on two shared cores: 0.1 s.
        A port of 0, or one that is taken, becomes any free one: read `port` afterwards. `durable` appends
        every write to a file that is synced each second; without it a restart forgets everything.
        A server that an earlier process left behind is stopped first.
        Raises ServerError with the end of the server's log.
        """
        place = DataDir.claim(data_dir)
        try:
            server = cls(place, durable=durable)
            server._start(port)
        except BaseException:
            place.release()
            raise
        return server

    @property
    def pid(self) -> int:
        """The server's process id."""
        if self._child is None:
            raise ServerError("the server is not running")
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether the server still runs."""
        return self._child is not None and self._child.running

    @property
    def url(self) -> str:
        """The `redis://` URL of database 0."""
        return f"redis://:{quote(self._password, safe='')}@127.0.0.1:{self.port}/0"

    def stop(self) -> None:
        """Shut down, wait for the end, free the directory. Repeatable."""
        if self._child is None:
            return
        child, self._child = self._child, None
        try:
            child.stop()
        finally:
            self._place.release()

    def begin_again(self) -> None:
        """Start it again where it was, after it ended by itself: who knows its address finds it there again.

        Raises ServerError when it does not start, or when its port was taken meanwhile.
        """
        port = self.port
        if self._child is not None:
            child, self._child = self._child, None
            child.stop()
        self._start(port)
        if self.port != port:
            raise ServerError(f"port {port} of 127.0.0.1, where Valkey was, is taken")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- starting ---------------------------------------------------------------------------------

    def _start(self, port: int) -> None:
        program = usable_valkey(self._place)
        self._end_orphan()
        deadline = time.monotonic() + PATIENCE_S
        while not self._try(program, port, deadline):
            port = 0  # taken between our look and its bind

    def _try(self, program: Path, wish: int, deadline: float) -> bool:
        """Begin the server and wait until it answers. False when another port may help."""
        self.port = free_port(wish)
        if wish not in (0, self.port):
            log.warning("servers.port_taken", server="valkey", wish=wish, port=self.port)
        before = self.log_file.stat().st_size if self.log_file.exists() else 0
        child = self._begin(program)
        try:
            while child.running:
                if process_id(self.port, self._password) == child.pid:
                    self._child = child
                    return True
                if time.monotonic() > deadline:
                    raise ServerError(f"Valkey not ready in {PATIENCE_S:.0f} s{tail(self.log_file)}")
                time.sleep(0.01)
        except BaseException:
            child.stop()
            raise
        child.stop()
        said = self.log_file.read_bytes()[before:]
        if time.monotonic() < deadline and b"Address already in use" in said:
            return False
        raise ServerError(f"Valkey did not start{tail(self.log_file)}")

    def _begin(self, program: Path) -> Child:
        # In a file and not in arguments, where every process list would show the password.
        configuration = self._place.write(CONFIGURATION, self._configuration())
        with self._place.open_log(LOG) as sink:
            return Child(
                [str(program), str(configuration)],
                account=self._place.account,
                cwd=self._place.path,
                log=sink.fileno(),
                death_signal=signal.SIGTERM,
                stop_signals=STOP,
            )

    def _configuration(self) -> str:
        folder = str(self._place.folder("data")).replace("\\", "\\\\").replace('"', '\\"')
        return "\n".join(
            [
                "bind 127.0.0.1",
                f"port {self.port}",
                "protected-mode yes",
                f"requirepass {self._password}",
                f'dir "{folder}"',
                "daemonize no",
                "maxmemory-policy noeviction",
                'save ""',
                f"appendonly {'yes' if self._durable else 'no'}",
                "appendfsync everysec",
                "",
            ]
        )

    def _end_orphan(self) -> None:
        """Stop a server that still answers to our password though nobody holds the directory's lock."""
        found = re.search(r"^port (\d+)$", self._place.read(CONFIGURATION) or "", re.MULTILINE)
        pid = process_id(int(found[1]), self._password) if found else None
        if pid is None:
            return
        if not end(pid, STOP):
            raise ServerError(f"process {pid} holds {self.data_dir} and does not end")
        log.warning("servers.orphan_stopped", server="valkey", pid=pid)


def process_id(port: int, password: str) -> int | None:
    """Ask who listens: the process id of the server that takes this password, None without such a server."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1.0) as sock:
            sock.sendall(f"AUTH {password}\r\nINFO server\r\nQUIT\r\n".encode())
            answer = b""
            while piece := sock.recv(65_536):
                answer += piece
    except OSError:
        return None
    found = re.search(rb"^process_id:(\d+)\r$", answer, re.MULTILINE)
    return int(found[1]) if answer.startswith(b"+OK") and found else None
