"""Whose turn it is, and when a batch is done."""

from hypothesis import given
from hypothesis import strategies as st

from app.dispatch.pacing.eta import Load, seconds_to_send
from app.dispatch.pacing.lanes import LANES, SHARES, Lane, Turns, weights

busy_lanes = st.sets(st.sampled_from(LANES), min_size=1)


@given(rooms=st.lists(st.integers(0, 50), min_size=1, max_size=40), busy=busy_lanes)
def test_every_busy_lane_gets_at_least_its_share_and_no_slot_is_lost(rooms: list[int], busy: set[Lane]) -> None:
    turns, dealt = Turns(), dict.fromkeys(LANES, 0)

    for room in rooms:
        for lane, slots in turns.deal(room, busy).items():
            dealt[lane] += slots

    assert sum(rooms) == sum(dealt.values())
    assert all(dealt[lane] >= SHARES[lane] * sum(rooms) - 2 for lane in busy)
    assert all(dealt[lane] == 0 for lane in set(LANES) - busy)


@given(st.lists(st.tuples(st.integers(0, 9), busy_lanes), min_size=1, max_size=60))
def test_no_lane_saves_up_or_owes_more_than_two_slots_whoever_comes_and_goes(
    rounds: list[tuple[int, set[Lane]]],
) -> None:
    turns = Turns()

    for room, busy in rounds:
        turns.deal(room, busy)

    assert all(-2 <= credit <= 2 for credit in turns._credit.values())


def test_the_share_of_an_idle_lane_goes_to_the_most_urgent_one() -> None:
    assert {"otp": 0.8, "marketing": 0.2} == weights({"marketing", "otp"})
    assert {"utility": 0.8, "marketing": 0.2} == weights({"marketing", "utility"})
    assert {"marketing": 1.0} == weights({"marketing"})


def test_a_lone_batch_takes_its_messages_by_the_rate() -> None:
    assert 125.0 == seconds_to_send(Load("marketing", 10_000), [], rate=80.0)


def test_neighbours_of_one_lane_take_turns() -> None:
    small, large = Load("marketing", 100), Load("marketing", 1_000)

    assert 20.0 == seconds_to_send(small, [large], rate=10.0)
    assert 110.0 == seconds_to_send(large, [small], rate=10.0)


def test_codes_pass_by_a_campaign_and_still_leave_it_its_share() -> None:
    campaign, codes = Load("marketing", 1_000), Load("otp", 80)

    assert 10.0 == round(seconds_to_send(codes, [campaign], rate=10.0), 6)
    assert 108.0 == round(seconds_to_send(campaign, [codes], rate=10.0), 6)


@given(
    target=st.tuples(st.sampled_from(LANES), st.integers(1, 500)),
    others=st.lists(st.tuples(st.sampled_from(LANES), st.integers(0, 500)), max_size=5),
)
def test_an_estimate_lies_between_alone_and_last(target: tuple[Lane, int], others: list[tuple[Lane, int]]) -> None:
    loads = [Load(lane, left) for lane, left in others]

    seconds = seconds_to_send(Load(*target), loads, rate=10.0)

    assert target[1] / 10 - 1e-6 <= seconds <= (target[1] + sum(load.left for load in loads)) / 10 + 1e-6
