"""A PostgreSQL cluster on disk: made once, described by its pid file, set the way we run it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from app.kit.servers.directory import DataDir
from app.kit.servers.errors import ServerError, tail
from app.kit.servers.process import run
from app.kit.servers.programs import POSTGRES_MAJOR

ADMIN = "postgres"
PASSWORD = "postgres.password"  # noqa: S105 - a file's name
LOG = "postgres.log"
# sockaddr_un holds 108 bytes with the closing NUL, macOS 104; the name in it is `.s.PGSQL.65535`.
LONGEST_SOCKET_FOLDER = 103 - len("/.s.PGSQL.65535")
# What the server says when the next try may succeed.
PASSING_TROUBLES = (
    "Address already in use",
    "pre-existing shared memory block",
    'lock file "postmaster.pid" already exists',
)


@dataclass(frozen=True, slots=True)
class PidFile:
    """What a running server writes about itself into `postmaster.pid`."""

    pid: int
    port: int
    status: str


def read_pid_file(cluster: Path) -> PidFile | None:
    """Return the server's own words, or None when there are none or they are half written."""
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        return PidFile(int(lines[0]), int(lines[3]), lines[7].strip() if len(lines) > 7 else "")
    except (OSError, ValueError, IndexError):
        return None


def make_cluster(place: DataDir, cluster: Path, home: Path, *, careful: bool) -> None:
    """Make the cluster unless it is there: UTF-8, the built-in C.UTF-8 order, scram-sha-256 everywhere.

    Made beside its place and renamed, so a killed initdb is made again. `careful=False` skips the sync to
    disk. Raises ServerError when initdb fails, or when the cluster is of another major version.
    """
    version = cluster / "PG_VERSION"
    if version.exists():
        found = version.read_text(encoding="ascii").strip()
        if found != POSTGRES_MAJOR:
            raise ServerError(f"{cluster} is a PostgreSQL {found} cluster, the server is {POSTGRES_MAJOR}")
        return
    draft = place.path / "pgdata.new"
    shutil.rmtree(draft, ignore_errors=True)
    words = [
        str(home / "bin" / "initdb"),
        f"--pgdata={draft}",
        f"--username={ADMIN}",
        f"--pwfile={place.path / PASSWORD}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
        *([] if careful else ["--no-sync"]),
    ]
    with place.open_log(LOG) as sink:
        code = run(words, account=place.account, cwd=place.path, log=sink.fileno())
    if code != 0:
        raise ServerError(f"initdb failed with {code}{tail(place.path / LOG)}")
    draft.rename(cluster)


def socket_folder(place: DataDir) -> Path | None:
    """Return the folder for the server's socket, or None where its path would be too long: then TCP alone."""
    folder = place.path / "run"
    if len(str(folder).encode()) > LONGEST_SOCKET_FOLDER or set(str(folder)) & set(',"'):
        return None
    return place.folder("run")


def base_settings(sockets: Path | None, port: int) -> dict[str, str]:
    """Return the settings of every server of ours; a caller's come after and win."""
    return {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "" if sockets is None else str(sockets),
        "unix_socket_permissions": "0700",
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # The server's log is a log: a failed statement or a duplicate key's value may be personal data.
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
    }


def may_pass(log_file: Path, before: int) -> bool:
    """Tell from what the log says past `before` bytes whether starting again may succeed."""
    try:
        with log_file.open("rb") as file:
            file.seek(before)
            said = file.read().decode("utf-8", "replace")
    except OSError:
        return False
    return any(trouble in said for trouble in PASSING_TROUBLES)
