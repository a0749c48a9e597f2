"""A server's data directory: where it may lie, who owns it, who holds it now."""

import fcntl
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Self

from app.kit.servers.account import Account, account_for
from app.kit.servers.errors import ServerError

LOCK = "lock"
LOCK_PATIENCE_S = 5.0
LONGEST_LOG = 10_000_000


def default_data_dir(name: str) -> Path:
    """Return where a program called `name` keeps its data when nobody said: a place its servers can reach.

    /var/lib/<name> for root (root's home is closed to the servers' account), else the XDG data folder.
    """
    if os.geteuid() == 0:
        return Path("/var/lib") / name
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / name


def make_data_dir(path: Path) -> Path:
    """Create the folder that holds the servers' folders, and return it resolved.

    Mode 0700, or 0711 for root, whose servers must be able to pass through.
    A folder that exists is left as it is.
    """
    if not path.exists():
        path.mkdir(parents=True)
        path.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return path.resolve()


@contextmanager
def throwaway_data_dir(prefix: str = "servers-") -> Iterator[Path]:
    """Lend a folder for servers that live as long as a test run; it is removed afterwards."""
    path = Path(tempfile.mkdtemp(prefix=prefix))
    path.chmod(0o711 if os.geteuid() == 0 else 0o700)
    try:
        yield path.resolve()
    finally:
        shutil.rmtree(path, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class DataDir:
    """One server's folder, held by this process until `release`.

    Root opens files here that the account could have replaced, so no open follows a symbolic link.
    """

    path: Path
    account: Account
    lock: int

    @classmethod
    def claim(cls, path: Path) -> Self:
        """Make the folder if need be, give it to the server's account, and hold its lock.

        Raises ServerError when it cannot be reached by the account, holds something that is not ours, or is
        held by a living process. The lock goes with the holder, so kill -9 leaves nothing to clean.
        """
        path = path.absolute()
        if not path.exists():
            path.mkdir(parents=True)
        path = path.resolve()
        _refuse_what_is_not_ours(path)
        account = account_for(path)
        account.own(path)
        path.chmod(0o700)
        _refuse_unreachable(path, account)
        return cls(path, account, _hold(path))

    def release(self) -> None:
        """Let the next process in."""
        os.close(self.lock)

    def folder(self, name: str) -> Path:
        """Return a subfolder of mode 0700 that belongs to the account."""
        folder = self.path / name
        folder.mkdir(mode=0o700, exist_ok=True)
        self.account.own(folder)
        return folder

    def write(self, name: str, text: str) -> Path:
        """Write a small file of mode 0600, whole or not at all, for the account to read."""
        draft = self.path / f".{name}.new"
        draft.unlink(missing_ok=True)
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(file)
        self.account.own(draft)
        draft.replace(self.path / name)
        return self.path / name

    def read(self, name: str) -> str | None:
        """Return the text of a small file of ours, or None when there is none."""
        try:
            file = os.open(self.path / name, os.O_RDONLY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        with os.fdopen(file, encoding="utf-8") as stream:
            return stream.read()

    def secret(self, name: str) -> str:
        """Return the password kept under `name`, made at the first call: 256 random bits, URL-safe."""
        kept = self.read(name)
        if not kept:
            kept = secrets.token_urlsafe(32)
            self.write(name, kept)
        return kept

    def open_log(self, name: str) -> FileIO:
        """Open a log for appending, mode 0600; one that grew past 10 MB is set aside first."""
        log = self.path / name
        if log.exists() and log.stat().st_size > LONGEST_LOG:
            log.replace(log.with_suffix(".log.old"))
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        return FileIO(file, "a")


def _refuse_what_is_not_ours(path: Path) -> None:
    """Raise ServerError for a folder that has content but was never one of ours."""
    if not path.is_dir():
        raise ServerError(f"{path} is not a folder")
    if not (path / LOCK).exists() and any(path.iterdir()):
        raise ServerError(f"{path} is not empty and not a server's data directory; choose another")


def _refuse_unreachable(path: Path, account: Account) -> None:
    """Raise ServerError unless the account can enter and write the folder. We open no parent for it."""
    if not account.drop:
        return
    probe = ["/bin/sh", "-c", 'cd "$0" && test -w .', str(path)]
    done = subprocess.run(
        probe, user=account.uid, group=account.gid, extra_groups=[], cwd="/", capture_output=True, check=False
    )
    if done.returncode != 0:
        closed = next((up for up in reversed(path.parents) if not up.stat().st_mode & 0o001), path)
        raise ServerError(
            f"started by root, the server runs as uid {account.uid}, which cannot reach {path}: "
            f"{closed} is closed to it. Choose a data directory under /var/lib or /tmp, or start as an "
            "ordinary user"
        )


def _hold(path: Path) -> int:
    """Take the folder's lock and return its descriptor, which no child inherits."""
    lock = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    deadline = time.monotonic() + LOCK_PATIENCE_S
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < deadline:
                time.sleep(0.1)
                continue
            holder = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
            os.close(lock)
            raise ServerError(f"{path} is in use by process {holder or 'unknown'}") from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)
        return lock
