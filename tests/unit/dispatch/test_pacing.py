"""How fast a sender may speak."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dispatch.pacing.number import AHEAD_S, MARGIN, QUIET_S, STEP_S, Pace, Trace

SECOND = 80  # what Meta lends a number of 80 a second at once


def used(pace: Pace, now: float) -> list[float]:
    """Take all the room there is: the moments at which messages are posted."""
    return [max(now, pace.slot(now)) for _ in range(pace.room(now))]


def most_in(window_s: float, posted: list[float]) -> int:
    return max((sum(1 for at in posted if begin <= at <= begin + window_s) for begin in posted), default=0)


@given(rate=st.integers(1, 100), looks=st.lists(st.floats(0, 0.5), min_size=1, max_size=40), window_s=st.floats(0, 3))
def test_no_window_sees_more_than_the_rate_and_half_a_second(rate: int, looks: list[float], window_s: float) -> None:
    pace, now, posted = Pace(float(rate), 100.0), 100.0, []

    for wait_s in looks:
        now += wait_s
        posted += used(pace, now)

    assert most_in(window_s, posted) <= (window_s + 0.5) * max(1.0, rate * MARGIN) + 1 + 1e-6


@given(handovers=st.lists(st.floats(0.05, 1.0), min_size=1, max_size=12), told=st.booleans())
def test_successors_of_any_number_stay_under_what_meta_lends(handovers: list[float], told: bool) -> None:
    """Each drainer leaves when it likes; the next one knows its slots, or (killed) its lease has to run out first."""
    now, trace, posted = 100.0, None, list[float]()

    for life_s in handovers:
        pace = Pace(80.0, now)
        if trace is not None:
            pace.take_over(trace, now)
        end = now + life_s
        while now < end:
            posted += used(pace, now)
            now += 0.1
        trace = Trace(pace.rate, 0.0, pace.ahead_s(now)) if told else Trace(pace.rate, 13.0, 0.0)
        now += 0.0 if told else 10.0

    assert most_in(1.0, posted) <= 80 + SECOND


@given(rate=st.integers(1, 1000), began=st.floats(0, 1e6))
def test_a_message_waits_for_its_slot_and_for_the_step_that_it_falls_into(rate: int, began: float) -> None:
    pace = Pace(float(rate), began)

    for _ in range(pace.room(began)):
        slot = pace._next
        assert slot - 1e-6 <= pace.slot(began) <= slot + STEP_S + 1e-6


@given(rate=st.integers(5, 1000))
def test_only_the_next_quarter_second_is_claimed(rate: int) -> None:
    pace = Pace(float(rate), 0.0)

    room = pace.room(0.0)

    assert room <= rate * AHEAD_S + 1


@pytest.mark.parametrize(("rate", "alone"), [(20, True), (1_000, False)])
def test_a_fast_sender_posts_twenty_times_a_second_and_a_slow_one_each_by_itself(rate: int, alone: bool) -> None:
    pace, now, posted = Pace(float(rate), 0.0), 0.0, list[float]()

    while now < 3.0:
        posted += used(pace, now)
        now += 0.1

    moments = {round(at, 6) for at in posted}
    assert alone == (len(moments) == len(posted))
    assert len(moments) <= 20 * (3.0 + AHEAD_S) + 2
    assert 0.95 * 3 * rate <= len(posted)


@pytest.mark.parametrize("look_s", [0.05, 0.2, 0.4])
def test_a_line_that_is_asked_late_uses_nearly_the_whole_rate_all_the_same(look_s: float) -> None:
    pace, now, posted = Pace(80.0, 0.0), 0.0, 0

    while now < 10.0:
        posted += len(used(pace, now))
        now += look_s

    assert 0.95 * 800 <= posted <= 800 * MARGIN + 80 * AHEAD_S + 1


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


def test_the_answers_of_one_burst_halve_the_rate_once() -> None:
    pace = Pace(80.0, 0.0)

    for at in (0.0, 0.1, 0.2):
        pace.slow_down(at)

    assert 80 * MARGIN / 2 == pace.rate


def test_a_successor_speaks_as_slowly_as_the_one_that_was_told_to_slow_down() -> None:
    slowed = Pace(80.0, 0.0)
    slowed.slow_down(0.0)

    next_one = Pace(80.0, 0.5)
    next_one.take_over(Trace(slowed.rate, 0.5, slowed.ahead_s(0.5)), 0.5)

    assert slowed.rate + 0.5 * 8 == next_one.rate
    assert 0 == next_one.room(0.6)


def test_who_comes_after_a_dead_drainer_catches_up_and_who_comes_after_one_that_left_does_not() -> None:
    after_death, after_leaving = Pace(80.0, 100.0), Pace(80.0, 100.0)

    after_death.take_over(Trace(80 * MARGIN, QUIET_S + 0.3, 0.2), 100.0)
    after_leaving.take_over(Trace(80 * MARGIN, QUIET_S + 0.1, 0.2), 100.0)

    assert 80 * 0.5 <= after_death.room(100.0) <= 80 * (0.5 + AHEAD_S)
    assert after_leaving.room(100.0) <= 80 * AHEAD_S


def test_a_slot_that_is_given_back_is_used_again() -> None:
    pace = Pace(10.0, 0.0)
    pace.slot(0.0)
    second = pace.slot(0.0)

    pace.give_back()

    assert second == pace.slot(0.0)
