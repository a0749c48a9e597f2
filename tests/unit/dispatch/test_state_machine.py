"""Events in any order, any number of times: the table of moves against a second telling of what must be true.

1,000 examples in `make test`; `STATE_MACHINE_EXAMPLES=10000` asks for more (`make prove`).
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from app.dispatch.states import MOST_SENDS, MOVES, RANK, Event, Standing, State, move

EXAMPLES = int(os.environ.get("STATE_MACHINE_EXAMPLES", "1000"))
TOLD = {
    Event.TOLD_SENT: State.SENT,
    Event.TOLD_FAILED: State.FAILED,
    Event.TOLD_DELIVERED: State.DELIVERED,
    Event.TOLD_READ: State.READ,
}
CLOSED = {Event.GATED: State.REFUSED, Event.EXPIRED: State.EXPIRED, Event.CANCELLED: State.CANCELLED}
ANSWERED = {Event.TAKEN: State.SENT, Event.DECLINED: State.FAILED}


class OneMessage(RuleBasedStateMachine):
    """The plain model: where the row lies, who may answer, how often it may have left, and what is known of it."""

    @initialize(resend=st.booleans())
    def accepted(self, resend: bool) -> None:
        self.at = self.before = Standing(resend=resend)
        self.resend = resend
        self.place = "queue"  # then "wire", and at last "known" or "closed"
        self.fences = 0
        self.left = 0
        self.known: set[State] = set()
        self.closed_as: State | None = None

    def happens(self, event: Event, fence: int = 0, times: int = 1) -> None:
        self.before = self.at
        for _ in range(times):
            self.at = move(self.at, event, fence)

    @rule()
    def somebody_claims(self) -> None:
        self.happens(Event.CLAIMED, self.fences + 1)
        if self.place == "queue":
            self.place, self.fences = "wire", self.fences + 1

    @rule(event=st.sampled_from([Event.TAKEN, Event.DECLINED]), late=st.booleans(), times=st.integers(1, 2))
    def whatsapp_answers(self, event: Event, late: bool, times: int) -> None:
        self.happens(event, self.fences - late, times)
        if self.place == "wire" and not late:
            self.place, self.left = "known", self.left + 1
            self.known.add(ANSWERED[event])

    @rule(late=st.booleans(), times=st.integers(1, 2))
    def it_comes_back_unposted(self, late: bool, times: int) -> None:
        self.happens(Event.RETURNED, self.fences - late, times)
        if self.place == "wire" and not late:
            self.place = "queue"

    @rule(event=st.sampled_from([Event.LOST, Event.LEASE_OVER]), times=st.integers(1, 2))
    def the_answer_is_lost(self, event: Event, times: int) -> None:
        self.happens(event, self.fences, times)
        if self.place == "wire":
            self.left += 1
            self.place = "queue" if self.resend and self.left < MOST_SENDS else "known"
            if self.place == "known":
                self.known.add(State.UNCERTAIN)

    @rule(event=st.sampled_from(list(CLOSED)), times=st.integers(1, 2))
    def it_may_not_go(self, event: Event, times: int) -> None:
        self.happens(event, times=times)
        if self.place == "queue" and self.left:
            self.place = "known"
            self.known.add(State.UNCERTAIN)
        elif self.place == "queue":
            self.place, self.closed_as = "closed", CLOSED[event]

    @rule(event=st.sampled_from(list(TOLD)), times=st.integers(1, 3))
    def a_status_comes(self, event: Event, times: int) -> None:
        self.happens(event, times=times)
        if self.place != "closed":
            self.place = "known"
            self.known.add(TOLD[event])

    @invariant()
    def the_table_says_what_the_model_says(self) -> None:
        wanted = {
            "queue": State.QUEUED,
            "wire": State.SENDING,
            "closed": self.closed_as,
            "known": max(self.known, key=RANK.__getitem__, default=None),
        }[self.place]
        assert wanted == self.at.state

    @invariant()
    def no_move_leaves_the_table(self) -> None:
        assert self.at.state == self.before.state or self.at.state in MOVES[self.before.state]

    @invariant()
    def it_leaves_once_or_as_often_as_its_batch_allows(self) -> None:
        assert self.at.posts == self.left <= (MOST_SENDS if self.resend else 1)

    @invariant()
    def what_may_have_left_is_never_said_not_to_have(self) -> None:
        assert not (self.left and self.at.state in CLOSED.values())


TestOneMessage = OneMessage.TestCase
TestOneMessage.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
