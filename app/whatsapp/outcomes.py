"""What can become of one POST, as values: the line between "cannot have left" and "may have left".

    Outcome
    ├── Accepted    Meta took it (delivery is known from webhooks only)
    ├── NotSent     not one byte can have left: back to the queue, no attempt burnt
    ├── Deferred    Meta refused it for now and says later
    ├── Rejected    Meta refused it for good
    ├── Halted      Meta refused it, and would refuse the next one too: the line must pause
    └── Uncertain   bytes may have left and no trustworthy answer came: never posted again blindly

Only `NotSent`, `Deferred` and `Halted` may put a row back in the queue; and `Uncertain` where the batch asked for
`at_least_once`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.whatsapp.codes import ErrorClass

DeferScope = Literal["recipient", "sender"]
HaltScope = Literal["sender", "template", "account", "credentials"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """Meta accepted the message; `sent`, `delivered` or `failed` come later by webhook.

    `wamid` is None when the answer said yes but carried no readable id: the status webhook that echoes
    our callback data brings it. `wa_id` is None for a business-scoped user id. `held` is True when Meta
    keeps the message back to watch the template's quality (`held_for_quality_assessment`, `paused`).
    """

    wamid: str | None
    wa_id: str | None
    held: bool


@dataclass(frozen=True, slots=True)
class NotSent:
    """No byte of the request can have left: no connection was made. Requeue; it is not an attempt.

    `why` is one of `connect_failed`, `connect_timeout`, `pool_timeout`, `bad_address`, or `draining` (never tried).
    """

    why: str


@dataclass(frozen=True, slots=True)
class Deferred:
    """Meta did not take it and says later: this `recipient` only, or everything of this `sender`.

    `retry_in_s` is the first delay in seconds; the caller makes short ones longer when they repeat. `retries`: how
    often the message may be tried again; None when this is not held against the message.
    """

    code: int
    retry_in_s: int
    scope: DeferScope
    retries: int | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """Meta refused it and the same payload would be refused again.

    `klass` is `NEVER_RECIPIENT`, `FIX`, or `UNKNOWN` (a code we have no row for: park it and alert).
    """

    code: int
    klass: ErrorClass


@dataclass(frozen=True, slots=True)
class Halted:
    """Not sent, and nothing else of this `scope` will be: the row goes back, the line pauses."""

    code: int
    scope: HaltScope


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Bytes may have left and no trustworthy answer came back. Only a webhook may decide it.

    `why` is one of `read_timeout`, `deadline`, `connection_lost`, `protocol_error`, `answer_too_long`,
    `answer_encoded`, `answer_unreadable`, `meta_unsure` (a Graph error that promises nothing),
    `http_<status>` (an answer that is not Meta's), `unforeseen`. `code`: Meta's own, with `meta_unsure` only; it is a
    hint for whoever looks, and proves nothing.
    """

    why: str
    code: int | None = None


Outcome = Accepted | NotSent | Deferred | Rejected | Halted | Uncertain
