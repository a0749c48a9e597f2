"""PostgreSQL 18 from the wheel's programs, in a folder of its own."""

import hashlib
import hmac
import re
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import structlog

from app.kit.servers.cluster import (
    ADMIN,
    LOG,
    PASSWORD,
    PidFile,
    base_settings,
    make_cluster,
    may_pass,
    read_pid_file,
    socket_folder,
)
from app.kit.servers.directory import DataDir
from app.kit.servers.errors import ServerError, tail
from app.kit.servers.process import ENVIRONMENT, Child, Signals, alive, end, free_port
from app.kit.servers.programs import usable_postgres, wheel_postgres

log = structlog.get_logger(__name__)

PATIENCE_S = 60.0
# Fast shutdown, then immediate (recovers at the next start), then what nobody can refuse.
STOP: Signals = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))

# For tests, which may lose everything when the machine dies.
FAST_AND_FORGETFUL: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class Postgres:
    """A running PostgreSQL server. Make one with `start`; it is a context manager that stops it.

    Listens on 127.0.0.1 and on a socket in its data directory. Every role, the administrator too, needs a
    password (scram-sha-256).
    """

    def __init__(self, place: DataDir, settings: Mapping[str, str]) -> None:
        """Not for callers: use `start`."""
        self._place = place
        self._settings = settings
        self._password = place.secret(PASSWORD)
        self._child: Child | None = None
        self.port = 0
        self.data_dir = place.path
        self.log_file = place.path / LOG
        self._cluster = place.path / "pgdata"
        self._sockets: Path | None = None

    @classmethod
    def start(cls, data_dir: Path, *, port: int = 0, settings: Mapping[str, str] | None = None) -> Self:
        """Start the server of this data directory, making the cluster when there is none.

        Blocks until a real connection with the password has answered.
        Measured on two shared cores: 0.5 s for a new cluster, 0.1 s for an old one.
        A port of 0, or one that is taken, becomes any free one: read `port` afterwards. `settings` are server
        settings for this run alone. A server that an earlier process left behind is stopped first.
        Raises ServerError with the end of the server's log.
        """
        place = DataDir.claim(data_dir)
        try:
            server = cls(place, settings or {})
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
    def admin_url(self) -> str:
        """The superuser's URL to the database `postgres`."""
        return self.url("postgres")

    def url(self, database: str, user: str = ADMIN, *, password: str | None = None) -> str:
        """Return a `postgresql://` URL. Without a password it carries `password_of(user)`."""
        secret = self.password_of(user) if password is None else password
        return (
            f"postgresql://{quote(user, safe='')}:{quote(secret, safe='')}"
            f"@127.0.0.1:{self.port}/{quote(database, safe='')}"
        )

    def password_of(self, user: str) -> str:
        """Return the password this server's owner gives a role: derived from the kept secret, stable.

        The role itself is made by the caller, who sets it there.
        """
        if user == ADMIN:
            return self._password
        return hmac.new(self._password.encode(), user.encode(), hashlib.sha256).hexdigest()

    def sql(self, statements: str, *, database: str = "postgres") -> str:
        """Run SQL as the superuser and return psql's plain output: rows by line, columns by `|`.

        For administration (roles, databases). Stops at the first error and raises ServerError with it.
        """
        # ours, not the account's copy: this one runs as whoever we are
        program = str(wheel_postgres() / "bin" / "psql")
        words = ["-XAtqw", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(self.port), "-U", ADMIN]
        done = subprocess.run(
            [program, *words, "-d", database, "-f", "-"],
            input=statements,
            env={**ENVIRONMENT, "PGPASSWORD": self._password, "PGCONNECT_TIMEOUT": "5"},
            cwd="/",
            text=True,
            encoding="utf-8",
            capture_output=True,
            check=False,
        )
        if done.returncode != 0:
            raise ServerError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def stop(self) -> None:
        """Shut down fast (open connections are closed), wait for the end, free the directory. Repeatable."""
        if self._child is None:
            return
        child, self._child = self._child, None
        try:
            child.stop()
        finally:
            self._place.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- starting ---------------------------------------------------------------------------------

    def _start(self, port: int) -> None:
        home = usable_postgres(self._place)
        self._end_orphan()
        make_cluster(self._place, self._cluster, home, careful=self._settings.get("fsync") != "off")
        self._sockets = socket_folder(self._place)
        deadline = time.monotonic() + PATIENCE_S
        while not self._try(home, port, deadline):
            # Taken between our look and its bind, or memory of a crashed server not yet let go.
            port = 0
            time.sleep(0.2)

    def _try(self, home: Path, wish: int, deadline: float) -> bool:
        """Begin the server and wait until it answers. False when another try may help."""
        self.port = free_port(wish)
        if wish not in (0, self.port):
            log.warning("servers.port_taken", server="postgres", wish=wish, port=self.port)
        before = self.log_file.stat().st_size if self.log_file.exists() else 0
        child = self._begin(home)
        try:
            while child.running:
                if self._says_ready(child.pid):
                    self.sql("select 1")
                    self._child = child
                    return True
                if time.monotonic() > deadline:
                    raise ServerError(f"PostgreSQL not ready in {PATIENCE_S:.0f} s{tail(self.log_file)}")
                time.sleep(0.02)
        except BaseException:
            child.stop()
            raise
        child.stop()
        if time.monotonic() < deadline and may_pass(self.log_file, before):
            return False
        raise ServerError(f"PostgreSQL did not start{tail(self.log_file)}")

    def _begin(self, home: Path) -> Child:
        words = [str(home / "bin" / "postgres"), "-D", str(self._cluster)]
        for name, value in {**base_settings(self._sockets, self.port), **self._settings}.items():
            if not re.fullmatch(r"[a-z_.]+", name):
                raise ServerError(f"not a setting's name: {name!r}")
            words += ["-c", f"{name}={value}"]
        with self._place.open_log(self.log_file.name) as sink:
            return Child(
                words,
                account=self._place.account,
                cwd=self._place.path,
                log=sink.fileno(),
                death_signal=signal.SIGINT,
                stop_signals=STOP,
            )

    def _says_ready(self, pid: int) -> bool:
        """Read the server's own pid file: cheaper than asking, and it names the process."""
        state = read_pid_file(self._cluster)
        return state is not None and state.pid == pid and state.status == "ready"

    def _end_orphan(self) -> None:
        """Stop a server that runs on our cluster though nobody holds the directory's lock."""
        state = read_pid_file(self._cluster)
        if state is None or not alive(state.pid) or not self._is_ours(state):
            return  # a stale file names no process, or another's: the server itself replaces it
        if not end(state.pid, STOP):
            raise ServerError(f"process {state.pid} holds {self._cluster} and does not end")
        log.warning("servers.orphan_stopped", server="postgres", pid=state.pid)

    def _is_ours(self, state: PidFile) -> bool:
        """Tell whether a process is the server of this cluster: it stands in it, or it knows our password."""
        standing = Path(f"/proc/{state.pid}/cwd")
        if standing.parent.parent.exists():
            try:
                return standing.readlink() == self._cluster
            except OSError:
                return False
        self.port = state.port
        try:
            return self.sql("show data_directory") == str(self._cluster)
        except ServerError:
            return False
