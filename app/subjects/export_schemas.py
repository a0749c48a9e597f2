"""Everything that is held about one person, as it is handed to them. The schema has a version of its own."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from app.consents.fields import NoticeVersionId, PersonId
from app.kit.ids import PrefixedId

SCHEMA_VERSION = "1"

ExportId = Annotated[UUID, PrefixedId("exp")]
ExportedMessageId = Annotated[UUID, PrefixedId("msg")]


class ExportMark(BaseModel):
    """Which export this is, and who took it out when: every copy carries it."""

    id: ExportId
    made_at: datetime
    made_with: Annotated[str, Field(description="The API key.")]
    reason: str
    reference: str | None


class ExportedController(BaseModel):
    """Who answers for the processing."""

    name: str


class ExportedPerson(BaseModel):
    """Who this is about."""

    id: PersonId
    erased_at: datetime | None


class ExportedAlias(BaseModel):
    """A number or user id, in clear: this is where it is shown. Null after it was erased."""

    kind: str
    value: str | None


class ExportedPurpose(BaseModel):
    """A purpose for which there is a record about the person, and where it stands."""

    key: str
    title: str
    title_tr: str
    legal_basis: str
    law_references: list[str]
    allowed_now: bool
    refusal: str | None
    consent: str | None
    consent_since: datetime | None
    approval: str | None
    approval_since: datetime | None
    basis: str | None
    basis_since: datetime | None


class ExportedRecord(BaseModel):
    """One line of the ledger, with its evidence opened. `content` holds whatever else the line says."""

    id: str
    kind: str
    act: str
    by: str
    purpose: str | None
    scope: str | None
    occurred_at: datetime
    recorded_at: datetime
    channel: str
    method: str | None
    notice_version: NoticeVersionId | None
    evidence: dict[str, Any] | None
    content: dict[str, Any]


class ExportedNotice(BaseModel):
    """A notice that a record of the person names, with its text."""

    id: NoticeVersionId
    name: str
    version: int
    language: str
    title: str
    body: Annotated[str, Field(description="The opening words.")]
    text: Annotated[str, Field(description="All of it, as the person was shown it; `sha256` is of this.")]
    sha256: str
    published_at: datetime


class ExportedMessage(BaseModel):
    """A message to the person, or one that was refused, and whether it kept to its purpose (article 11/1-c)."""

    id: ExportedMessageId
    accepted_at: datetime
    state: str | None
    reason: str | None
    reason_detail: str | None
    purpose: str
    purpose_version: int
    legal_basis: str
    template: str
    template_language: str
    template_version: int
    consent_event: str | None
    approval_event: str | None
    basis_event: str | None
    notice_version: NoticeVersionId | None
    suppression_event: str | None
    decided_at: Annotated[datetime | None, Field(description="When the gate allowed it, just before it left.")]
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    variables: Annotated[dict[str, str] | None, Field(description="Null once they were destroyed.")]
    reference: str | None
    purpose_kept: Annotated[
        bool | None,
        Field(description="Recomputed from the ledger: whether its basis held when it left. Null: nothing left."),
    ]
    purpose_faults: list[str]


class ExportedHeard(BaseModel):
    """That the person wrote. Their words are not kept, but for a stop word."""

    at: datetime
    kind: str
    keyword: str | None


class ExportedReview(BaseModel):
    """A sentence of the person that may have meant STOP, and what a human decided."""

    written_at: datetime
    reason: str
    words: Annotated[str | None, Field(description="Null once they were destroyed.")]
    decision: str | None
    decided_at: datetime | None


class ExportedQuestion(BaseModel):
    """A consent that the person was asked for in the chat, and what became of it."""

    purpose: str
    kind: str
    language: str
    question: str
    state: str
    person_wrote_at: datetime
    asked_at: datetime | None
    answered_at: datetime | None
    refused_at: datetime | None


class ExportedReply(BaseModel):
    """That the person was answered in the chat."""

    kind: str
    state: str
    made_at: datetime
    done_at: datetime | None


class ExportedStop(BaseModel):
    """A suppression or an objection."""

    scope: str
    kind: str
    raised_by: str
    in_force: bool
    since: datetime


class ExportedRequest(BaseModel):
    """Something the person asked before, and the answer."""

    kind: str
    article: str
    received_at: datetime
    state: str
    outcome: str | None
    closed_at: datetime | None
    details: str | None
    answer: str | None


class ExportedDisclosure(BaseModel):
    """Who else gets the person's data, where, and why."""

    recipient: str
    country: str
    what: str
    why: str
    safeguard: str


class ExportedRetention(BaseModel):
    """How long something is kept, and by which law."""

    what: str
    purpose: str | None
    keep_days: int | None
    starts: str
    law_references: list[str]


class ExportedDecision(BaseModel):
    """A decision about the person that no human takes."""

    what: str
    how: str
    effect: str
    how_to_object: str


class NotIncluded(BaseModel):
    """What is held and not in here, and why."""

    what: str
    why: str


class PersonExport(BaseModel):
    """Everything that is held about one person."""

    schema_version: Literal["1"]
    export: ExportMark
    controller: ExportedController
    person: ExportedPerson
    aliases: list[ExportedAlias]
    purposes: list[ExportedPurpose]
    records: list[ExportedRecord]
    notices: list[ExportedNotice]
    messages: list[ExportedMessage]
    heard: list[ExportedHeard]
    reviews: list[ExportedReview]
    questions: list[ExportedQuestion]
    replies: list[ExportedReply]
    stops: list[ExportedStop]
    requests: list[ExportedRequest]
    disclosures: list[ExportedDisclosure]
    retention: list[ExportedRetention]
    automated_decisions: list[ExportedDecision]
    not_included: list[NotIncluded]
