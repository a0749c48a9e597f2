"""Batches and messages as they cross the edge."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field, StringConstraints, WrapValidator

from app.dispatch.life_schemas import POLICY, DeliveryPolicyName, ErrorPolicy, Waiting
from app.kit.http.moments import Moment
from app.kit.ids import PrefixedId
from app.kit.page import PageBody

BatchId = Annotated[UUID, PrefixedId("bat")]
SenderId = Annotated[UUID, PrefixedId("snd")]
MessageId = Annotated[UUID, PrefixedId("msg")]
UploadId = Annotated[UUID, PrefixedId("upl")]
PersonId = Annotated[UUID, PrefixedId("per")]
ConsentEventId = Annotated[UUID, PrefixedId("cev")]
NoticeVersionId = Annotated[UUID, PrefixedId("ntv")]
EventId = Annotated[UUID, PrefixedId("evt")]

MOST_INLINE = 10_000

BatchStateName = Literal["draft", "loading", "scheduled", "running", "paused", "completed", "cancelled", "failed"]
MessageStateName = Literal[
    "queued", "sending", "sent", "delivered", "read", "failed", "refused", "uncertain", "expired", "cancelled"
]

# PostgreSQL keeps no NUL.
_NO_NUL = r"^[^\x00]*$"
Reference = Annotated[
    str, StringConstraints(max_length=255, pattern=_NO_NUL), Field(description="Your own id; never personal data.")
]


class Recipient(BaseModel):
    """One recipient: `to` or `user_id`, and a value for each variable of the template."""

    # This describes; inline and streamed rows are both read by `rows.objects`, one by one.

    model_config = ConfigDict(extra="forbid")

    to: Annotated[str, Field(description="Phone number, best as E.164.", examples=["+905321234567"])] | MISSING = (
        MISSING
    )
    user_id: (
        Annotated[str, Field(description="Business-scoped user id.", examples=["TR.13491208655302741918"])] | MISSING
    ) = MISSING
    variables: Annotated[
        dict[str, str],
        Field(description="By name; positional templates use `1`, `2`…", examples=[{"first_name": "Ayşe"}]),
    ] = {}
    reference: Reference | MISSING = MISSING
    basis_ref: (
        Annotated[
            str,
            Field(
                max_length=255,
                description="Contract or order this message rests on; kept as a basis assertion.",
            ),
        ]
        | MISSING
    ) = MISSING


AsGiven = Annotated[Recipient, WrapValidator(lambda value, _: value)]


class TemplateName(BaseModel):
    """A template by name and language."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(max_length=512, pattern=_NO_NUL), Field(examples=["autumn_offer"])]
    language: Annotated[str, StringConstraints(max_length=10, pattern=_NO_NUL), Field(examples=["tr"])]


_Text40 = Annotated[str, StringConstraints(max_length=40, pattern=_NO_NUL)]
_Text500 = Annotated[str, StringConstraints(max_length=500, pattern=_NO_NUL)]


class NewBatch(BaseModel):
    """A batch: from whom, in which words, why, and to whom."""

    model_config = ConfigDict(extra="forbid")

    sender: SenderId
    template: TemplateName
    purpose: Annotated[str, Field(max_length=64, description="Key of the purpose.", examples=["campaign_information"])]
    recipients: Annotated[
        list[AsGiven] | MISSING,
        Field(
            description="At most 10,000 inline; leave out to make a draft and stream them.",
            json_schema_extra={"maxItems": MOST_INLINE},
        ),
    ] = MISSING
    start: Annotated[bool, Field(description="Start at once, or at `send_at`.")] = False
    on_invalid: Annotated[
        Literal["reject", "skip"],
        Field(description="`reject`: one unreadable row and nothing is accepted. `skip`: such rows count as refused."),
    ] = "reject"
    send_at: Annotated[Moment | MISSING, Field(description="RFC 3339 with offset.")] = MISSING
    expires_at: Annotated[Moment | MISSING, Field(description="Not attempted after this; default: start + 24 h.")] = (
        MISSING
    )
    delivery_policy: Annotated[DeliveryPolicyName | MISSING, POLICY] = MISSING
    error_policy: ErrorPolicy = ErrorPolicy()
    start_late: Annotated[
        Literal["send", "pause"],
        Field(description="When nobody was there at `send_at` and it is found over 15 minutes later."),
    ] = "pause"
    reference: Reference | MISSING = MISSING
    metadata: Annotated[
        dict[_Text40, _Text500],
        Field(max_length=50, description="Yours; up to 50 short strings."),
    ] = {}


class NewMessage(Recipient):
    """One message to one person: a batch of one, in one call."""

    sender: SenderId
    template: TemplateName
    purpose: Annotated[str, Field(max_length=64, description="Key of the purpose.", examples=["identity_verification"])]
    expires_at: Annotated[Moment | MISSING, Field(description="Not attempted after this; default: now + 24 h.")] = (
        MISSING
    )
    delivery_policy: Annotated[DeliveryPolicyName | MISSING, POLICY] = MISSING


class RefusedRow(BaseModel):
    """A refused row: where it stands in what you sent, and why."""

    row: Annotated[int, Field(description="1-based in a JSON array or NDJSON; as a spreadsheet counts in CSV.")]
    reason: Annotated[str, Field(examples=["consent_withdrawn"])]
    field: Annotated[str | None, Field(description="Where in the row to look.", examples=["variables/first_name"])]
    kind: Annotated[str | None, Field(description="What is wrong there.", examples=["variable_missing"])]


class Batch(BaseModel):
    """A batch and where its messages are."""

    id: BatchId
    state: BatchStateName
    state_reason: str | None
    waiting: Annotated[Waiting | MISSING, Field(description="Only while all that is left has to wait.")] = MISSING
    sender: SenderId
    template: TemplateName
    purpose: str
    on_invalid: Literal["reject", "skip"]
    delivery_policy: DeliveryPolicyName
    error_policy: ErrorPolicy
    start_late: Literal["send", "pause"]
    unknown_codes: Annotated[
        list[int] | MISSING,
        Field(description="Codes WhatsApp refused messages with that we do not know. These are not tried again."),
    ] = MISSING
    total: int
    counts: Annotated[dict[str, int], Field(description="Messages by state; states without any are left out.")]
    refusals: Annotated[dict[str, int], Field(description="Refused messages by reason.")]
    first_refusals: Annotated[list[RefusedRow] | MISSING, Field(description="Only when recipients came inline.")] = (
        MISSING
    )
    created_at: Moment
    send_at: Moment | None
    started_at: Moment | None
    expires_at: Moment | None
    ended_at: Moment | None
    reference: str | None
    metadata: dict[str, str]


class BatchPage(PageBody[Batch]):
    """A page of batches, newest first."""


class Upload(BaseModel):
    """What a stream of recipients brought."""

    id: UploadId
    batch: BatchId
    rows: int
    counts: dict[str, int]
    refusals: dict[str, int]
    first_refusals: list[RefusedRow]
    ignored_columns: Annotated[list[str], Field(description="Columns of the CSV that nobody asked for, by place.")]


class Evidence(BaseModel):
    """What allowed a message, pinned when it was claimed for sending (or, if it never was, when it was accepted)."""

    legal_basis: Annotated[str, Field(examples=["kvkk_5_1"])]
    purpose_version: int
    consent_event: ConsentEventId | None
    approval_event: ConsentEventId | None
    basis_event: ConsentEventId | None
    notice_version: NoticeVersionId | None


class Message(BaseModel):
    """One message, its state, and why."""

    id: MessageId
    batch: BatchId
    upload: Annotated[UploadId, Field(description="The call or stream it came with; `row` counts within it.")]
    row: int
    state: MessageStateName
    reason: Annotated[str | None, Field(description="Why it was refused, failed, or is uncertain.")]
    reason_detail: str | None
    why: Annotated[str, Field(description="The answer in a sentence.")]
    waiting: Annotated[Waiting | MISSING, Field(description="Only while it has to wait.")] = MISSING
    meta_code: Annotated[int | None, Field(description="WhatsApp's error code, where it gave one.")]
    purpose: str
    template: TemplateName
    template_version: int
    person: PersonId | None
    reference: str | None
    attempts: int
    evidence: Evidence | MISSING = MISSING
    suppression_event: ConsentEventId | None
    accepted_at: Moment
    sent_at: Moment | None
    delivered_at: Moment | None
    read_at: Moment | None
    failed_at: Moment | None


class MessagePage(PageBody[Message]):
    """A page of messages, in the order they were given."""


class MessageEvent(BaseModel):
    """One line of a message's delivery log. `provider_at` is WhatsApp's clock, `at` ours."""

    id: EventId
    kind: str
    at: Moment
    provider_at: Moment | None
    reason: str | None
    meta_code: int | None
    until: Annotated[Moment | None, Field(description="Until when it was put off: quiet hours, frequency cap.")]


class MessageEventPage(PageBody[MessageEvent]):
    """The delivery log of one message; never long enough for a second page."""


class Reconciliation(BaseModel):
    """Whether every accepted recipient is in exactly one state, counted from the rows themselves."""

    batch: BatchId
    total: int
    by_state: dict[str, int]
    refusals: dict[str, int]
    missing: Annotated[int, Field(description="Accepted recipients without a state. Must be 0.")]
    doubled: Annotated[int, Field(description="Recipients in two states at once. Must be 0.")]
    counters_match: Annotated[bool, Field(description="The running counters agree with the rows.")]
    balanced: Annotated[bool, Field(description="total = sum of by_state, nothing missing, nothing doubled.")]
