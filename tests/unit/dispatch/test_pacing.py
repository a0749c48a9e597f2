"""How fast a sender may speak."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.dispatch.pacing import AHEAD_S, MARGIN, Pace


@given(rate=st.integers(1, 1000), looks=st.lists(st.floats(0, 0.5), min_size=1, max_size=60))
def test_slots_never_come_faster_than_the_rate(rate: int, looks: list[float]) -> None:
    pace, now, slots = Pace(float(rate), 100.0), 100.0, []

    for wait_s in looks:
        now += wait_s
        slots += [pace.slot(now) for _ in range(pace.room(now))]

    gaps = [after - before for before, after in pairwise(slots)]
    assert all(gap >= 1 / max(1.0, rate * MARGIN) - 1e-9 for gap in gaps)


@given(rate=st.integers(5, 1000))
def test_only_the_next_quarter_second_is_claimed(rate: int) -> None:
    pace = Pace(float(rate), 0.0)

    room = pace.room(0.0)

    assert room <= rate * AHEAD_S + 1


def test_a_line_that_is_always_asked_uses_nearly_the_whole_rate() -> None:
    pace, now, posted = Pace(80.0, 0.0), 0.0, 0

    while now < 10.0:
        posted += len([pace.slot(now) for _ in range(pace.room(now))])
        now += 0.05

    assert 0.95 * 800 <= posted <= 800


def test_too_fast_means_half_as_fast_and_then_slowly_faster_again() -> None:
    pace = Pace(80.0, 0.0)

    pace.slow_down(0.0)
    halved = pace.rate
    pace.room(2.0)
    one_quiet_second = pace.rate
    pace.room(60.0)

    assert 80 * MARGIN / 2 == halved
    assert halved + 8 == one_quiet_second
    assert 80 * MARGIN == pace.rate


def test_a_slot_that_is_given_back_is_used_again() -> None:
    pace = Pace(10.0, 0.0)
    pace.slot(0.0)
    second = pace.slot(0.0)

    pace.give_back()

    assert second == pace.slot(0.0)
