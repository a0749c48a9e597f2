"""Where a message can be, and the one table of moves between.

    accept ─▶ queued ─▶ sending ─▶ sent ─▶ delivered ─▶ read
         └▶ refused  └▶ refused, expired, cancelled, uncertain   (from queued)
                        queued, failed, uncertain                (from sending)

`queued` and `sending` live in `dispatch`; every other state lives in `outcomes`. A status webhook may only climb:
`RANK` says what is stronger evidence. `failed` gives way to `delivered`: with several devices Meta reports both.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class State(StrEnum):
    """A message's current state."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Event(StrEnum):
    """What can happen to a message. Any of them may come at any time, in any order, any number of times."""

    CLAIMED = "claimed"
    TAKEN = "taken"  # WhatsApp accepted it; this and the next three are answers, believed under the claim's fence only
    DECLINED = "declined"  # WhatsApp, or our own building, refused it for good
    RETURNED = "returned"  # it did not leave, or was refused for now
    LOST = "lost"  # it may have left, and no answer came
    LEASE_OVER = "lease_over"  # who held it is gone
    GATED = "gated"  # the gate refused it at the claim, or the person was erased
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    TOLD_SENT = "told_sent"  # the statuses of a webhook
    TOLD_FAILED = "told_failed"
    TOLD_DELIVERED = "told_delivered"
    TOLD_READ = "told_read"


ANSWERS = frozenset({Event.TAKEN, Event.DECLINED, Event.RETURNED, Event.LOST})
_POSTED = frozenset({Event.TAKEN, Event.DECLINED, Event.LOST, Event.LEASE_OVER})
_CLOSING = frozenset({Event.GATED, Event.EXPIRED, Event.CANCELLED})
_TOLD = {
    Event.TOLD_SENT: State.SENT,
    Event.TOLD_FAILED: State.FAILED,
    Event.TOLD_DELIVERED: State.DELIVERED,
    Event.TOLD_READ: State.READ,
}

# The one table. Where a state has no row for an event, the event changes nothing.
AFTER: dict[State, dict[Event, State]] = {
    State.QUEUED: {
        Event.CLAIMED: State.SENDING,
        Event.GATED: State.REFUSED,
        Event.EXPIRED: State.EXPIRED,
        Event.CANCELLED: State.CANCELLED,
        **_TOLD,
    },
    State.SENDING: {
        Event.TAKEN: State.SENT,
        Event.DECLINED: State.FAILED,
        Event.RETURNED: State.QUEUED,
        Event.LOST: State.UNCERTAIN,
        Event.LEASE_OVER: State.UNCERTAIN,
        **_TOLD,
    },
    State.UNCERTAIN: dict(_TOLD),
    State.SENT: {event: state for event, state in _TOLD.items() if state is not State.SENT},
    State.FAILED: {Event.TOLD_DELIVERED: State.DELIVERED, Event.TOLD_READ: State.READ},
    State.DELIVERED: {Event.TOLD_READ: State.READ},
    State.READ: {},
    State.REFUSED: {},
    State.EXPIRED: {},
    State.CANCELLED: {},
}

# Which states may follow a state, whatever happened. Queued to uncertain: it was posted and not sent again, or it may
# have been posted in a time that a restored database forgot (`doubt`).
MOVES: dict[State, frozenset[State]] = {
    state: frozenset(after.values()) | ({State.UNCERTAIN} if state is State.QUEUED else frozenset())
    for state, after in AFTER.items()
}

MOST_SENDS = 3  # posts of one message whose batch asked for at least once


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one message stands. `fence`: of its last claim. `posts`: how often it may have left.

    `unsure`: it was posted, no answer came, and it is queued again, because its batch asked for that (`resend`).
    """

    state: State = State.QUEUED
    fence: int = 0
    posts: int = 0
    unsure: bool = False
    resend: bool = False


def move(at: Standing, event: Event, fence: int = 0) -> Standing:
    """Where the message stands after the event. `fence`: of the claim, or of the claim that an answer belongs to.

    Every statement that moves a message does what stands here; a test compares them, state by state.
    """
    after = AFTER[at.state].get(event)
    if after is None or (event in ANSWERS and fence != at.fence):
        return at
    posts = at.posts + (event in _POSTED)
    if event in _CLOSING and at.unsure:
        return replace(at, state=State.UNCERTAIN)  # "cancelled" would say that it never left
    if after is State.UNCERTAIN and at.resend and posts < MOST_SENDS:
        return replace(at, state=State.QUEUED, posts=posts, unsure=True)
    return replace(at, state=after, posts=posts, fence=fence if event is Event.CLAIMED else at.fence)


# The lattice of evidence. A state that is not here is never moved by a webhook.
RANK: dict[State, int] = {
    State.UNCERTAIN: 0,
    State.SENT: 1,
    State.FAILED: 2,
    State.DELIVERED: 3,
    State.READ: 4,
}


class BatchState(StrEnum):
    """A batch's current state."""

    DRAFT = "draft"
    LOADING = "loading"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"


# What may be asked of a batch in each state; the answer to a request in the wrong state lists these.
ACTIONS: dict[BatchState, tuple[str, ...]] = {
    BatchState.DRAFT: ("add_recipients", "start", "cancel"),
    BatchState.LOADING: (),
    BatchState.SCHEDULED: ("pause", "cancel"),
    BatchState.RUNNING: ("pause", "cancel"),
    BatchState.PAUSED: ("resume", "cancel"),
    BatchState.COMPLETED: (),
    BatchState.CANCELLED: (),
    BatchState.FAILED: (),
}
