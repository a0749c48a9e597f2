"""One row of a call as the verbs take it, and what can be wrong with one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

from app.consents.acts import PLAIN, Channel, Circumstances, ConsentKind, Discount, GivenAct
from app.kit.errors import Invalid

EARLIEST = datetime.fromisoformat("2015-05-01T00:00:00+03:00")  # Law 6563 in force
LATEST_END = datetime.fromisoformat("2200-01-01T00:00:00+00:00")  # beyond it somebody mistyped
CLOCK_SKEW = timedelta(minutes=2)  # how far a caller's clock may run ahead of ours


@dataclass(frozen=True, slots=True)
class Iys:
    """The tenant's transaction at the message management system, taken on their word."""

    transaction_id: str = field(repr=False)
    date: date


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent or an approval that was given or refused. `purpose` is a key; one of `to` and `user_id` is set.

    `discount` says why it does not count although it was given; such a row is recorded as `invalid`.
    """

    purpose: str
    act: GivenAct
    channel: Channel
    occurred_at: datetime
    kind: ConsentKind = "explicit_consent"
    to: str | None = field(default=None, repr=False)
    user_id: str | None = field(default=None, repr=False)
    notice_version_id: UUID | None = None
    method: str | None = None
    valid_until: datetime | None = None
    iys: Iys | None = None
    evidence: Mapping[str, str] = field(default_factory=dict, repr=False)
    circumstances: Circumstances = PLAIN
    notice_shown_at: datetime | None = None
    discount: Discount | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """A basis other than consent that the tenant asserts, or ends, for one person and purpose."""

    purpose: str
    occurred_at: datetime
    channel: Channel = "api"
    to: str | None = field(default=None, repr=False)
    user_id: str | None = field(default=None, repr=False)
    reference: str | None = field(default=None, repr=False)
    law_article: str | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one row: its place in the call, the field, and the kind of error. Never the value."""

    index: int
    field: str
    error: type[Invalid]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of the rows. With faults and without `skip` nothing was written.

    `discounted` names the rows, by place, that were recorded as `invalid`.
    """

    recorded: int
    faults: Sequence[Fault] = ()
    discounted: Mapping[int, Discount] = field(default_factory=dict)


def time_fault(occurred_at: datetime, valid_until: datetime | None, now: datetime) -> str | None:
    """The field whose time cannot be, or None."""
    if not EARLIEST <= occurred_at <= now + CLOCK_SKEW:
        return "occurred_at"
    if valid_until is not None and not occurred_at < valid_until < LATEST_END:
        return "valid_until"
    return None
