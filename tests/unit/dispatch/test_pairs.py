"""How often a number may write to one person."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from app.dispatch.pacing.pairs import BURST, KEPT, SPACING_S, Pairs

AYSE, ALI = UUID(int=1), UUID(int=2)


def spend(pairs: Pairs, person: UUID, now: float, times: int) -> None:
    for _ in range(times):
        pairs.take(person, now)


@given(waits=st.lists(st.floats(0, 60), min_size=1, max_size=120), window_s=st.floats(0, 600))
def test_no_window_sees_more_to_one_person_than_meta_lends(waits: list[float], window_s: float) -> None:
    pairs, now, posted = Pairs(), 0.0, list[float]()

    for wait_s in waits:
        now += wait_s
        if not pairs.wait_s(AYSE, now):
            pairs.take(AYSE, now)
            posted.append(now)

    most = max((sum(1 for at in posted if begin <= at <= begin + window_s) for begin in posted), default=0)
    assert most <= BURST + window_s / SPACING_S + 1e-6


def test_a_person_who_had_their_burst_waits_and_nobody_else_does() -> None:
    pairs = Pairs()

    spend(pairs, AYSE, 0.0, BURST)

    assert SPACING_S == pairs.wait_s(AYSE, 0.0)
    assert 0.0 == pairs.wait_s(ALI, 0.0)
    assert 0.0 == pairs.wait_s(AYSE, SPACING_S)


def test_messages_that_wait_for_one_person_each_get_their_own_turn() -> None:
    pairs = Pairs()
    spend(pairs, AYSE, 0.0, BURST)

    turns = [pairs.put_off(AYSE, 0.0) for _ in range(3)]

    assert [SPACING_S, 2 * SPACING_S, 3 * SPACING_S] == turns


def test_whatsapp_has_the_last_word_on_a_pair() -> None:
    pairs = Pairs()

    pairs.refused(AYSE, 0.0, wait_s=16.0)

    assert 16.0 == pairs.wait_s(AYSE, 0.0)
    assert 0.0 == pairs.wait_s(ALI, 0.0)


def test_what_was_not_posted_is_not_counted() -> None:
    pairs = Pairs()
    spend(pairs, AYSE, 0.0, BURST)

    pairs.give_back(AYSE)

    assert 0.0 == pairs.wait_s(AYSE, 0.0)


def test_pairs_at_rest_are_forgotten() -> None:
    pairs = Pairs()

    for at in range(3 * KEPT):
        pairs.take(uuid4(), float(at))

    assert len(pairs._whole_at) <= KEPT + 1
