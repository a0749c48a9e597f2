"""Consents, bases and suppressions as they cross the edge.

Rows are described here and read one by one (`read_rows`): one bad row of ten thousand is named by its place, and with
`on_invalid: skip` the others go on.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import MISSING, BaseModel, Field, StringConstraints

from app.consents.acts import Channel, ConsentKind, GivenAct, SuppressionKind
from app.consents.circumstances import GivenCircumstances, NotCounted
from app.consents.fields import (
    MOST_ROWS,
    ChallengeId,
    ConsentEventId,
    Day,
    Edge,
    EvidenceId,
    EvidenceKey,
    EvidenceValue,
    ImportId,
    Method,
    Moment,
    NoticeVersionId,
    Number,
    OnInvalid,
    PersonId,
    PurposeKey,
    Rows,
    UserId,
)
from app.kit.page import PageBody


class PersonName(Edge):
    """A person, by number or by business-scoped user id: exactly one of the two."""

    to: Number | MISSING = MISSING
    user_id: UserId | MISSING = MISSING


class IysTransaction(Edge):
    """Your transaction at the message management system (İYS), kept as your attestation."""

    transaction_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
    date: Day


class NewConsent(PersonName, GivenCircumstances):
    """A consent (KVKK), or an approval of commercial messages (Law 6563), that a person gave or refused.

    A consent that was given needs `notice_version_id` and `method`; an approval needs `iys` while approvals are
    attested. The notice version must have been shown to people before the act, and cover the purpose.
    """

    purpose: PurposeKey
    act: Annotated[GivenAct, Field(description="What the person did. There is no default: a tick is never assumed.")]
    kind: ConsentKind = "explicit_consent"
    channel: Channel
    occurred_at: Moment
    method: Method | MISSING = MISSING
    notice_version_id: NoticeVersionId | MISSING = MISSING
    valid_until: Moment | MISSING = MISSING
    iys: IysTransaction | MISSING = MISSING
    evidence: Annotated[
        dict[EvidenceKey, EvidenceValue],
        Field(
            max_length=20,
            description="Whatever proves it. Encrypted with the person's key.",
            default_factory=dict,
        ),
    ]


class NewBasis(PersonName):
    """A basis other than consent, such as a contract, that one person's messages for a purpose rest on."""

    purpose: Annotated[PurposeKey, Field(examples=["order_status_notification"])]
    reference: Annotated[
        str,
        StringConstraints(min_length=1, max_length=255),
        Field(description="Contract or order. Encrypted with the person's key.", examples=["order 10045"]),
    ]
    law_article: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=100)] | MISSING,
        Field(description="Where it differs from the purpose's own.", examples=["6698 m.5/2-c"]),
    ] = MISSING
    channel: Channel = "api"
    occurred_at: Annotated[Moment | MISSING, Field(description="Now, if left out.")] = MISSING
    valid_until: Moment | MISSING = MISSING


class EndedBasis(PersonName):
    """A basis that is over: the contract ended, the order is closed."""

    purpose: Annotated[PurposeKey, Field(examples=["order_status_notification"])]
    channel: Channel = "api"
    occurred_at: Annotated[Moment | MISSING, Field(description="Now, if left out.")] = MISSING


class RecordConsents(Edge):
    """Consents and approvals of many people, as one set."""

    consents: Rows[NewConsent]
    on_invalid: OnInvalid = "reject"


class AssertBases(Edge):
    """Bases of many people, as one set."""

    bases: Rows[NewBasis]
    on_invalid: OnInvalid = "reject"


class EndBases(Edge):
    """Bases that are over, as one set."""

    bases: Rows[EndedBasis]
    on_invalid: OnInvalid = "reject"


class WithdrawConsents(Edge):
    """People who take back their consent."""

    people: Rows[PersonName]
    purposes: Annotated[
        Annotated[list[PurposeKey], Field(min_length=1, max_length=24)] | MISSING,
        Field(description="Every purpose that rests on consent, if left out."),
    ] = MISSING
    channel: Channel
    method: Method | MISSING = MISSING
    occurred_at: Annotated[Moment | MISSING, Field(description="Now, if left out.")] = MISSING
    on_invalid: OnInvalid = "reject"


class SuppressionAct(Edge):
    """What is stopped for people, or goes on again."""

    people: Rows[PersonName]
    scope: Annotated[
        str,
        StringConstraints(max_length=64),
        Field(description="`all`, `marketing`, or the key of a purpose.", examples=["marketing"]),
    ]
    kind: SuppressionKind = "suppression"
    by: Annotated[
        Literal["person", "tenant"],
        Field(description="Whose act it is: the person's, relayed by you, or your own. Each lifts only their own."),
    ]
    channel: Channel
    method: Method | MISSING = MISSING
    occurred_at: Annotated[Moment | MISSING, Field(description="Now, if left out.")] = MISSING
    on_invalid: OnInvalid = "reject"


class RowError(BaseModel):
    """What is wrong with one row, without its value. `index` counts from 0."""

    index: int
    pointer: Annotated[str, Field(examples=["/consents/3/to"])]
    code: Annotated[str, Field(examples=["invalid_number"])]
    detail: str


class Recorded(BaseModel):
    """How many rows were recorded, and what is wrong with the others."""

    recorded: int
    rejected: int
    errors: list[RowError]


class RecordedConsents(Recorded):
    """How many rows were recorded, which of them do not count, and what is wrong with the others."""

    not_counted: Annotated[
        list[NotCounted], Field(description="Recorded as evidence that they were not counted; they open nothing.")
    ]


class CheckedRecipient(PersonName):
    """Somebody to check. `reference` is your own id for them; it comes back in the answer, the number does not."""

    reference: Annotated[str, StringConstraints(max_length=255)] | MISSING = MISSING


class CheckConsents(Edge):
    """May these people be written to, for this purpose, now?"""

    purpose: PurposeKey
    recipients: Annotated[list[CheckedRecipient], Field(min_length=1, max_length=MOST_ROWS)]


RefusalName = Annotated[
    Literal[
        "invalid_number",
        "objected",
        "suppressed",
        "unknown_person",
        "no_basis",
        "consent_withdrawn",
        "consent_invalidated",
        "consent_not_given",
        "consent_expired",
        "notice_stale",
    ],
    Field(description="The first reason that stands in the way."),
]


class ConsentVerdict(BaseModel):
    """What the gate says of one recipient. The same is asked again when a message is claimed for sending."""

    index: int
    reference: str | None
    person_id: PersonId | None
    allowed: bool
    refusal: RefusalName | None
    refused_for: Annotated[
        str | None,
        Field(description="The record that is missing or in the way, or `scope:` and what is stopped."),
    ]


class ConsentVerdicts(BaseModel):
    """One verdict per recipient, in order."""

    purpose: str
    allowed: int
    refused: int
    data: list[ConsentVerdict]


class ConsentEvent(BaseModel):
    """One line of the ledger. Evidence is shown by its digest only."""

    id: ConsentEventId
    record_kind: str
    act: str
    entity: Literal["person", "tenant", "platform", "review"]
    purpose: str | None
    purpose_version: int | None
    notice_version_id: NoticeVersionId | None
    scope: str | None
    occurred_at: datetime
    recorded_at: datetime
    valid_until: datetime | None
    channel: str
    method: str | None
    iys_transaction_id: str | None
    iys_date: date | None
    evidence_digest: Annotated[str | None, Field(description="SHA-256, hexadecimal.")]
    carried_from: Annotated[
        ConsentEventId | None,
        Field(description="The act this one was carried over from, of somebody who turned out to be the same person."),
    ]
    collection_context: str | None
    language: str | None
    supersedes: Annotated[ConsentEventId | None, Field(description="The line that this one corrects.")]
    renews: ConsentEventId | None
    challenge_id: Annotated[ChallengeId | None, Field(description="The question that the person answered themselves.")]
    import_id: ImportId | None
    evidence_ids: list[EvidenceId]
    details: Annotated[
        dict[str, Any],
        Field(description="What else was said of how it came about; `invalid` says why it does not count."),
    ]


class ConsentEventPage(PageBody[ConsentEvent]):
    """A page of a person's ledger."""


class Suppression(BaseModel):
    """A scope that is stopped for a person. `id` is the event that raised it."""

    id: ConsentEventId
    person_id: PersonId
    scope: str
    kind: SuppressionKind
    raised_by: Literal["person", "tenant", "platform", "review"]
    acted_at: datetime


class SuppressionPage(PageBody[Suppression]):
    """A page of what is stopped."""
