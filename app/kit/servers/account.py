"""Under whose name a server runs: never root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from app.kit.servers.errors import ServerError

# PostgreSQL's initdb looks its own name up, so a bare number without an entry will not do.
UNPRIVILEGED = "nobody"


@dataclass(frozen=True, slots=True)
class Account:
    """A numeric user and group, and whether we have to change to them."""

    uid: int
    gid: int
    drop: bool

    def own(self, path: Path) -> None:
        """Give one path of ours to the account; nothing to do when we are the account."""
        if self.drop:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def account_for(data_dir: Path) -> Account:
    """Choose the account: ourselves, or for root the owner of the directory, or else `nobody`.

    Raises ServerError when root finds no unprivileged account, or when the directory is somebody else's.
    """
    owner = data_dir.stat() if data_dir.exists() else None
    if os.geteuid() != 0:
        if owner is not None and owner.st_uid != os.geteuid():
            raise ServerError(f"{data_dir} belongs to uid {owner.st_uid}, we are uid {os.geteuid()}")
        return Account(os.geteuid(), os.getegid(), drop=False)
    if owner is not None and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, drop=True)
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise ServerError(
            f"started by root, and this system has no account '{UNPRIVILEGED}' to run the servers under; "
            "start as an ordinary user, or give the data directory to one"
        ) from None
    return Account(entry.pw_uid, entry.pw_gid, drop=True)
