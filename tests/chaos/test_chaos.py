"""Ten faults by chance over a thousand messages. `make chaos` is the long way of the same."""

import secrets

import pytest

from app.kit.logs import configure
from tests.chaos.faults import FAULTS
from tests.chaos.run import run

pytestmark = pytest.mark.anyio

TOO_LONG = {"freeze_worker_long"}


@pytest.mark.slow
async def test_ten_faults_over_a_thousand_messages_break_no_promise() -> None:
    configure("ERROR")
    seed = secrets.randbelow(10**6)
    kinds = [kind for kind in FAULTS if kind not in TOO_LONG]

    report = await run(seed=seed, messages=1000, faults=10, rate=60, kinds=kinds, hurry=True)

    assert report.ok, f"FAULTS=10 MESSAGES=1000 RATE=60 SEED={seed} make chaos\n" + "\n".join(report.lines())
    assert 10 == sum(report.faults.values())
