"""`make bench`: measure against what else would be built, and against the limit. QUICK=1 is short, FULL=1 is whole.

CASES=accept,check runs only those. Prints one table and writes `tests/bench/results.json`.
"""

import asyncio
import os
import sys
import time

from app.kit.logs import configure
from tests.bench.cases import accept, check, dispatch, distance, growth, imports, inbound, proof, scale, settle
from tests.bench.measure import RESULTS, Line, line_of, save, show
from tests.bench.seed import seed_states
from tests.bench.stand import POSTGRES, Stand, open_stand

QUICK, FULL = bool(os.environ.get("QUICK")), bool(os.environ.get("FULL"))
ROUNDS = 3
KNOWN = 150_000 if QUICK else 5_000_000
GROWTH = {10_000: 5, 100_000: 3, 1_000_000: 1}  # recipients of a batch, and how often: a million takes six minutes


async def main() -> None:
    wanted = [name for name in os.environ.get("CASES", "").split(",") if name] or list(CASES)
    configure("ERROR")
    lines: list[Line] = []
    began = time.monotonic()
    async with open_stand() as stand:
        _tell(began, f"seeding {KNOWN:,} people")
        await seed_states(stand, KNOWN)
        for name in wanted:
            _tell(began, name)
            found = await CASES[name](stand)
            lines += found
            if found:
                print(show(found), file=sys.stderr, flush=True)  # a later case may fail
        servers = await stand.versions()
    print(show(lines))
    save(lines, {"quick": QUICK, "full": FULL, "people": KNOWN, "rounds": ROUNDS, "postgres": POSTGRES}, servers)
    _tell(began, f"written to {RESULTS.name}")


async def _accept(stand: Stand) -> list[Line]:
    recipients = 20_000 if QUICK else 1_000_000 if FULL else 100_000
    return await accept.measure(stand, recipients=recipients, known=KNOWN, rounds=ROUNDS)


async def _check(stand: Stand) -> list[Line]:
    return await check.measure(stand, known=KNOWN, rounds=ROUNDS)


async def _dispatch(stand: Stand) -> list[Line]:
    messages, usual = (3_000, 300) if QUICK else (20_000, 2_000)
    return await dispatch.measure(stand, messages=messages, known=min(KNOWN, 1_000_000), rounds=ROUNDS, usual=usual)


async def _distance(stand: Stand) -> list[Line]:
    known = min(KNOWN, 1_000_000)
    return await distance.measure(
        stand, messages=2_000 if QUICK else 20_000, known=known, rounds=1 if QUICK else ROUNDS
    )


async def _scale(stand: Stand) -> list[Line]:
    known = min(KNOWN, 1_000_000)
    return await scale.measure(stand, messages=30_000 if QUICK else 80_000, known=known, rounds=1 if QUICK else ROUNDS)


async def _growth(_: Stand) -> list[Line]:
    if not FULL:
        return []
    return await growth.measure(sizes=GROWTH, stored=5_000_000, known=1_100_000)


async def _inbound(stand: Stand) -> list[Line]:
    return await inbound.measure(stand, requests=6_000 if QUICK else 30_000, rounds=ROUNDS)


async def _settle(stand: Stand) -> list[Line]:
    return await settle.measure(stand, statuses=5_000 if QUICK else 100_000, rounds=ROUNDS)


async def _import(stand: Stand) -> list[Line]:
    people = 10_000 if QUICK else 500_000 if FULL else 50_000
    return await imports.measure(stand, people=people, rounds=1 if FULL else ROUNDS)  # half a million take two minutes


async def _proof(stand: Stand) -> list[Line]:
    return await proof.measure(stand, rounds=ROUNDS)


async def _memory(stand: Stand) -> list[Line]:
    name = "API memory, all it served in this run"
    return [line_of(name, "MB", [stand.api.peak_mb()], goal="< 150 MB")]


CASES = {
    "accept": _accept,
    "check": _check,
    "dispatch": _dispatch,
    "distance": _distance,
    "scale": _scale,
    "inbound": _inbound,
    "settle": _settle,
    "import": _import,
    "proof": _proof,
    "memory": _memory,  # after everything that this API serves
    "growth": _growth,
}


def _tell(began: float, what: str) -> None:
    print(f"bench {time.monotonic() - began:6.1f} s  {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
