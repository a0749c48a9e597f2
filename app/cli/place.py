"""The data directory of `toplu up`: servers' folders, the master key, secrets, logs, and how to reach what runs."""

import base64
import os
import secrets
import shlex
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from app.cli.errors import Stop
from app.kit.servers import default_data_dir, make_data_dir

ENVIRONMENT = "environment"
WORKER_ENVIRONMENT = "worker.environment"
MASTER_KEY = "master.key"
DEFAULT_TENANT = "Default"
LONGEST_LOG = 10_000_000


def usual_place() -> Path:
    """Where `toplu up` keeps its data when nobody says: `TOPLU_DATA_DIR`, else a folder of this account."""
    named = os.environ.get("TOPLU_DATA_DIR")
    return Path(named) if named else default_data_dir("toplu")


@dataclass(frozen=True, slots=True)
class Place:
    """A data directory. Everything written here is of mode 0600; the folder itself may be passed through."""

    path: Path

    @classmethod
    def open(cls, path: Path) -> "Place":
        """Make the folder if need be. Raises Stop when it cannot be made or written."""
        try:
            place = cls(make_data_dir(path))
            for name in ("logs", "sandbox"):
                (place.path / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Stop(f"{path} cannot be used as data directory: {error.strerror}.") from None
        return place

    def master_key(self) -> Path:
        """The file of the master key, made at the first call.

        Raises Stop when a database is here whose key is gone: a new key would open nothing of it.
        """
        file = self.path / MASTER_KEY
        if not file.exists():
            if (self.path / "postgres" / "pgdata").exists():
                raise Stop(f"{file} is gone, and the database beside it needs it. Restore it from your copy.")
            self.write(MASTER_KEY, base64.b64encode(secrets.token_bytes(32)).decode() + "\n")
        return file

    def secret(self, name: str) -> str:
        """The random text kept under `name`, made at the first call."""
        file = self.path / name
        if not file.exists():
            self.write(name, secrets.token_urlsafe(32))
        return file.read_text(encoding="ascii").strip()

    def write(self, name: str, text: str) -> Path:
        """Write a file of mode 0600, whole or not at all, and on disk when this returns."""
        file = self.path / name
        draft = file.with_name(f".{file.name}.new")
        draft.unlink(missing_ok=True)
        opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(opened)
        draft.replace(file)
        return file

    def write_environment(self, values: dict[str, str]) -> None:
        """Leave word for other commands how to reach what runs here."""
        self.write(ENVIRONMENT, "".join(f"{name}={value}\n" for name, value in sorted(values.items())))

    def write_worker_environment(self, values: dict[str, str]) -> None:
        """Leave the settings of one more worker, for a shell to read."""
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in sorted(values.items())]
        self.write(WORKER_ENVIRONMENT, "".join(lines))

    def read_environment(self, *, worker: bool = False) -> dict[str, str]:
        """How to reach what runs here, as the API or as a worker; empty when nothing does."""
        try:
            lines = (self.path / (WORKER_ENVIRONMENT if worker else ENVIRONMENT)).read_text("utf-8").splitlines()
        except OSError:
            return {}
        if worker:
            lines = [word for line in lines for word in shlex.split(line)]
        return dict(line.split("=", 1) for line in lines if "=" in line)

    def forget_environment(self) -> None:
        """Nothing runs here any more."""
        for name in (ENVIRONMENT, WORKER_ENVIRONMENT):
            (self.path / name).unlink(missing_ok=True)

    def log_file(self, name: str) -> Path:
        """Where the part called `name` writes its log."""
        return self.path / "logs" / f"{name}.log"

    def open_log(self, name: str) -> FileIO:
        """Open a part's log for appending, mode 0600; one that grew past 10 MB is set aside first."""
        file = self.log_file(name)
        if file.exists() and file.stat().st_size > LONGEST_LOG:
            file.replace(file.with_suffix(".log.old"))
        return FileIO(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600), "a")
