"""What can be said about a person, in closed lists, and one line of the ledger.

On equal times the act that restricts wins. That needs no table of ranks: each pair stands in the order of the alphabet
(asserted < ended, given < refused < withdrawn, lifted < raised), which a test keeps so.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

ConsentKind = Literal["explicit_consent", "commercial_approval"]
RecordKind = Literal["explicit_consent", "commercial_approval", "basis_assertion"]
Act = Literal["given", "refused", "withdrawn", "asserted", "ended"]
GivenAct = Literal["given", "refused"]  # what a call may record; never guessed
BasisAct = Literal["asserted", "ended"]
SuppressionKind = Literal["suppression", "objection"]
SuppressionAct = Literal["raised", "lifted"]
# Whose act it is: the person's own, the tenant's, WhatsApp's, or a hold until a human has read what the person wrote.
Entity = Literal["person", "tenant", "platform", "review"]
# Where it happened.
Channel = Literal["web_form", "mobile_app", "paper", "call_centre", "in_person", "whatsapp", "sms", "import", "api"]

RESTRICTING: frozenset[Act] = frozenset({"refused", "withdrawn", "ended"})


@dataclass(frozen=True, slots=True)
class Evidence:
    """Free evidence as it is stored: sealed with the person's key, and a digest that says nothing without it."""

    sealed: bytes = field(repr=False)
    digest: bytes


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
