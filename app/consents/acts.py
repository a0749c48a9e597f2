"""What can be said about a person, in closed lists, and one line of the ledger.

On equal times the act that restricts wins. That needs no table of ranks: each pair stands in the order of the alphabet
(asserted < ended, given < invalidated < refused < withdrawn, lifted < raised), which a test keeps so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

ConsentKind = Literal["explicit_consent", "commercial_approval"]
RecordKind = Literal["explicit_consent", "commercial_approval", "basis_assertion"]
# `invalidated`: the line was closed, so what was agreed on it ended, without the person having said anything.
# `imported`: said of somebody without proof. `invalid`: given in a way that does not count. Neither is ever folded.
Act = Literal["given", "invalidated", "refused", "withdrawn", "asserted", "ended", "imported", "invalid"]
GivenAct = Literal["given", "refused"]  # what a call may record; never guessed
BasisAct = Literal["asserted", "ended"]
SuppressionKind = Literal["suppression", "objection"]
SuppressionAct = Literal["raised", "lifted"]
# What happened to what somebody is known by.
IdentityAct = Literal["linked", "merged", "moved", "closed", "corrected", "declared"]
# Where the person's data was collected in the first place: in the course of what (not: through which channel).
CollectionContext = Literal[
    "membership", "activation", "order", "support", "event", "store_visit", "website_visit", "conversation"
]
# Why an act that was given does not count.
Discount = Literal["precondition", "bundled", "minor", "proxy_unproven", "corrected"]
ProxyRole = Literal["parent", "guardian", "attorney", "organisation_representative"]
AgeAssurance = Literal["unknown", "adult_declared", "adult_verified", "minor"]
# Whose act it is: the person's own, the tenant's, WhatsApp's, or a hold until a human has read what the person wrote.
Entity = Literal["person", "tenant", "platform", "review"]
# Where it happened.
Channel = Literal["web_form", "mobile_app", "paper", "call_centre", "in_person", "whatsapp", "sms", "import", "api"]

UNFOLDED: tuple[Act, ...] = ("imported", "invalid")
RESTRICTING: frozenset[Act] = frozenset({"invalidated", "refused", "withdrawn", "ended"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """Free evidence as it is stored: sealed with the person's key, and a digest that says nothing without it."""

    sealed: bytes = field(repr=False)
    digest: bytes


@dataclass(frozen=True, slots=True)
class Circumstances:
    """How an act came about, beyond the act. `details` holds closed words, ids, hashes and times; nothing personal.

    `supersedes_id` is the line that this one corrects: it stays, and is no longer folded. `challenge_id` is set by us
    alone, where the person answered a question of ours.
    """

    context: CollectionContext | None = None
    language: str | None = None
    supersedes_id: UUID | None = None
    renews_id: UUID | None = None
    challenge_id: UUID | None = None
    import_id: UUID | None = None
    evidence_ids: tuple[UUID, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


PLAIN = Circumstances()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line for the ledger, about one person and one purpose."""

    person_id: UUID
    record_kind: RecordKind
    act: Act
    purpose_id: int
    occurred_at: datetime
    channel: Channel
    method: str | None = None
    notice_version_id: UUID | None = None
    valid_until: datetime | None = None
    iys_transaction_id: str | None = field(default=None, repr=False)
    iys_date: date | None = None
    evidence: Evidence | None = None
    circumstances: Circumstances = PLAIN
