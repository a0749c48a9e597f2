"""Where a message can be, and the one table of moves between.

    accept ─▶ queued ─▶ sending ─▶ sent ─▶ delivered ─▶ read
         └▶ refused  └▶ queued, refused, expired, cancelled      (from queued)
                        queued, failed, uncertain                (from sending)

`queued` and `sending` live in `dispatch`; every other state lives in `outcomes`. A status webhook may only climb:
`RANK` says what is stronger evidence. `failed` gives way to `delivered`: with several devices Meta reports both.
"""

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


_BY_WEBHOOK = frozenset({State.SENT, State.DELIVERED, State.READ, State.FAILED})

MOVES: dict[State, frozenset[State]] = {
    # to uncertain: after a restore, when it may have been posted in the time that was forgotten
    State.QUEUED: frozenset({State.SENDING, State.REFUSED, State.EXPIRED, State.CANCELLED, State.UNCERTAIN})
    | _BY_WEBHOOK,
    State.SENDING: frozenset({State.QUEUED, State.UNCERTAIN}) | _BY_WEBHOOK,
    State.UNCERTAIN: _BY_WEBHOOK,
    State.SENT: frozenset({State.DELIVERED, State.READ, State.FAILED}),
    State.FAILED: frozenset({State.DELIVERED, State.READ}),
    State.DELIVERED: frozenset({State.READ}),
    State.READ: frozenset(),
    State.REFUSED: frozenset(),
    State.EXPIRED: frozenset(),
    State.CANCELLED: frozenset(),
}

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
