"""Ten faults by chance over a thousand messages. `make chaos` is the long way of the same."""

import secrets

import pytest

from app.kit.logs import configure
from tests.chaos.faults import FAULTS
from tests.chaos.plan import command, draw
from tests.chaos.run import run

TOO_LONG = {"freeze_worker_long"}


@pytest.mark.anyio
@pytest.mark.slow
async def test_ten_faults_over_a_thousand_messages_break_no_promise() -> None:
    configure("ERROR")
    seed = secrets.randbelow(10**6)
    kinds = [kind for kind in FAULTS if kind not in TOO_LONG]

    report = await run(seed=seed, messages=1000, faults=10, rate=60, kinds=kinds, hurry=True)

    assert report.ok, "\n".join(report.lines())
    assert 10 == sum(report.faults.values())


def test_a_seed_fixes_which_faults_come_in_which_order_and_what_each_of_them_draws() -> None:
    def drawn(seed: int, faults: int) -> list[tuple[str, float, float]]:
        return [(one.kind, one.pause_s, one.rng.random()) for one in draw(seed, faults, list(FAULTS))]

    first = drawn(7, 200)

    assert first == drawn(7, 200)
    assert first[:20] == drawn(7, 20)
    assert first != drawn(8, 200)
    assert set(FAULTS) == {kind for kind, _, _ in first}


def test_the_command_of_a_run_says_all_that_it_was_asked() -> None:
    short = command(seed=3, messages=1000, faults=10, rate=60, kinds=["kill_api", "flush_valkey"], hurry=True)
    plain = command(seed=3, messages=5000, faults=20, rate=40, kinds=list(FAULTS), hurry=False)

    assert "FAULTS=10 MESSAGES=1000 RATE=60 SEED=3 KINDS=kill_api,flush_valkey HURRY=1 make chaos" == short
    assert "FAULTS=20 MESSAGES=5000 RATE=40 SEED=3 make chaos" == plain
