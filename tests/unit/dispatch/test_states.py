"""The one table of moves, and where each outcome leads."""

from typing import get_args
from uuid import UUID

import pytest

from app.dispatch.flow.record import Verdict, verdict_of
from app.dispatch.held import Leased, Unbuildable
from app.dispatch.pacing.pairs import BURST, SPACING_S
from app.dispatch.states import ACTIONS, MOVES, RANK, BatchState, State
from app.whatsapp.codes import ErrorClass
from app.whatsapp.outcomes import Accepted, Deferred, Halted, NotSent, Outcome, Rejected, Uncertain

MESSAGE = Leased(UUID(int=1), 0, UUID(int=2), "phone", b"", None, b"", UUID(int=2), b"")
OUTCOMES = [
    (Accepted("wamid.x", None, held=False), State.SENT, 1),
    (NotSent("connect_failed"), State.QUEUED, 0),
    (Deferred(131056, 6, "recipient", 5), State.QUEUED, 1),
    (Deferred(130429, 2, "sender", None), State.QUEUED, 0),
    (Halted(190, "credentials"), State.QUEUED, 0),
    (Rejected(131026, ErrorClass.NEVER_RECIPIENT), State.FAILED, 1),
    (Uncertain("read_timeout"), State.UNCERTAIN, 1),
    (Unbuildable("Unsealable"), State.FAILED, 0),
]


def test_every_state_has_its_moves() -> None:
    assert set(State) == MOVES.keys()
    assert set(BatchState) == ACTIONS.keys()


def test_the_table_covers_every_outcome() -> None:
    assert {*get_args(Outcome), Unbuildable} == {type(outcome) for outcome, _, _ in OUTCOMES}


@pytest.mark.parametrize(("outcome", "state", "burnt"), OUTCOMES, ids=lambda value: type(value).__name__)
def test_an_outcome_leads_where_the_table_allows(outcome: Outcome, state: State, burnt: int) -> None:
    verdict = verdict_of(MESSAGE, outcome)

    assert (state, burnt) == (verdict.state, verdict.burnt)
    assert state in MOVES[State.SENDING]


def test_only_what_cannot_have_left_or_was_refused_for_now_goes_back_to_the_queue() -> None:
    back = {type(outcome) for outcome, state, _ in OUTCOMES if state is State.QUEUED}

    assert {NotSent, Deferred, Halted} == back


def later(attempts: int, code: int, delay_s: int, retries: int | None) -> Verdict:
    message = Leased(UUID(int=1), attempts, UUID(int=2), "phone", b"", None, b"", UUID(int=2), b"")
    return verdict_of(message, Deferred(code, delay_s, "recipient", retries))


def test_short_waits_grow_and_end_as_the_table_says() -> None:
    waits = [later(attempt, 131056, 6, 5).retry_s for attempt in range(5)]

    ended = later(5, 131056, 6, 5)

    assert [6.0, 24.0, 96.0, 384.0, 900.0] == waits
    # whoever takes a line over knows nothing of its pairs, and still fails no message: until then all is paid back
    assert sum(waits) > BURST * SPACING_S
    assert (State.FAILED, 131056) == (ended.state, ended.meta_code)


def test_a_long_wait_is_metas_own_and_comes_once() -> None:
    first, second = later(0, 131049, 86_400, 1), later(1, 131049, 86_400, 1)

    assert (State.QUEUED, 86_400.0) == (first.state, first.retry_s)
    assert State.FAILED == second.state


def test_what_is_not_held_against_the_message_never_ends_it() -> None:
    verdict = later(100, 130429, 90, None)

    assert (State.QUEUED, 0) == (verdict.state, verdict.burnt)


def test_a_webhook_only_climbs() -> None:
    """Every move between ranked states leads up, as the settling statement enforces."""
    for state in RANK:
        assert all(RANK[after] > RANK[state] for after in MOVES[state])
