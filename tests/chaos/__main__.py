"""`make chaos`: FAULTS=200 MESSAGES=100000 SEED=1 breaks everything and checks; PROVE=1 removes one guard at a time,
PROVE=fence only those with such a name.

KINDS=kill_worker,cut_answers takes only those faults, RATE=40 is the messages per second of each of the four senders,
HURRY=1 ends the leases of the dead when the load is done. The command is printed before it begins.
Exit code 1 when anything is violated, or when a guard's removal goes unnoticed.
"""

import asyncio
import os
import secrets
import sys

from app.kit.logs import configure
from tests.chaos import prove
from tests.chaos.run import run


def main() -> int:
    """Read the environment, run, say what was found."""
    configure("INFO")
    asked = os.environ.get
    seed = int(asked("SEED") or secrets.randbelow(10**6))
    if asked("PROVE"):
        return asyncio.run(prove.main(seed, "" if asked("PROVE") == "1" else asked("PROVE", "")))
    kinds = [kind for kind in asked("KINDS", "").split(",") if kind]
    report = asyncio.run(
        run(
            seed=seed,
            messages=int(asked("MESSAGES") or 5000),
            faults=int(asked("FAULTS") or 20),
            rate=int(asked("RATE") or 40),
            kinds=kinds or None,
            hurry=bool(asked("HURRY")),
        )
    )
    print("\n".join(report.lines()))
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
