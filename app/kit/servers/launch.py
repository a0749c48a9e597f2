"""The last step before a server: become its account, tie its life to the parent's, turn into it.

A program of its own (`python -I -S launch.py uid gid signal parent command…`), because this must happen
between fork and exec, where running Python inside a threaded parent is not safe. It imports nothing of ours,
and imports everything before it drops root: the account may not be able to read the interpreter's files.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Become `uid` and `gid` (only root can), ask the kernel for `signal` when `parent` dies, and exec."""
    uid, gid, death_signal, parent = (int(word) for word in arguments[:4])
    command = arguments[4:]
    if os.geteuid() == 0 and uid != 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    os.umask(0o077)
    if sys.platform == "linux":
        # After setuid, which clears it.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent died first")
    os.execv(command[0], command)  # noqa: S606 - to exec is the point


if __name__ == "__main__":
    main(sys.argv[1:])
