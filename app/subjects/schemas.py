"""Requests, exports and erasures as they cross the edge."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, Field, StringConstraints

from app.consents.acts import Channel
from app.consents.fields import Edge, Moment, Number, PersonId, UserId
from app.kit.ids import PrefixedId
from app.kit.page import PageBody
from app.retention.schemas import CaseNumber, DestructionRunId, DestructionTaskId
from app.subjects.ask import Ground, Outcome, RequestKind

RequestId = Annotated[UUID, PrefixedId("req")]
ErasureId = Annotated[UUID, PrefixedId("ers")]

RequestState = Literal["open", "answered", "refused"]
# How a person can send a request in, beyond the channels of a consent: registered e-mail, a notary's letter.
RequestChannel = Literal[
    "letter", "email", "kep", "notary", "web_form", "mobile_app", "call_centre", "in_person", "whatsapp"
]
IdentityCheck = Literal[
    "reply_from_the_number", "signed_in", "id_document", "e_signature", "kep", "known_email", "none"
]
Words = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=r"^[^\x00]+$")]


class NewRequest(Edge):
    """What a person asks (Law 6698, article 11), as it came in."""

    kind: RequestKind
    channel: RequestChannel
    identity_check: Annotated[IdentityCheck, Field(description="How it was made sure that it is this person.")]
    received_at: Annotated[Moment | MISSING, Field(description="Now, if left out. The clock runs from here.")] = MISSING
    details: Annotated[Words | MISSING, Field(description="Their words, encrypted with the person's key.")] = MISSING


class RequestAnswer(Edge):
    """What the person was answered."""

    outcome: Outcome
    answer: Annotated[Words | MISSING, Field(description="What they were told, encrypted with their key.")] = MISSING


class RequestRefusal(Edge):
    """Why the request is refused. A refusal has to be reasoned (article 13/3)."""

    ground: Ground
    answer: Annotated[Words, Field(description="The reasons as the person was told them.")]


class SubjectRequest(BaseModel):
    """A request with its clock: 30 days from the day it was received (article 13/2)."""

    id: RequestId
    person: PersonId
    kind: RequestKind
    article: str
    channel: str
    identity_check: str
    received_at: datetime
    warn_at: Annotated[datetime, Field(description="20 days: time to look at it.")]
    due_at: datetime
    state: RequestState
    outcome: str | None
    closed_at: datetime | None
    details: str | None
    answer: str | None


class SubjectRequestPage(PageBody[SubjectRequest]):
    """A page of requests."""


class NewExport(Edge):
    """Why a person's data are taken out. Every export is written down with it."""

    reason: Literal["request", "authority", "court", "internal_audit"]
    reference: Annotated[CaseNumber | MISSING, Field(description="The file's number.")] = MISSING
    request: Annotated[RequestId | MISSING, Field(description="The request it answers.")] = MISSING


class NewErasure(Edge):
    """Why a person is erased."""

    reason: Annotated[
        Literal["request", "own_decision", "authority"],
        Field(description="`request`: the person asked for it. It withdraws their consents in their name."),
    ]
    request: Annotated[RequestId | MISSING, Field(description="The request it answers; it is closed with it.")] = (
        MISSING
    )


class DestroyedPart(BaseModel):
    """Something that is gone."""

    what: str
    method: str
    size: int


class KeptPart(BaseModel):
    """Something that stays, and by which law."""

    what: str
    why: str
    law_references: list[str]


class Erasure(BaseModel):
    """What became of a person's data. `kept` and `still_to_do` are for the answer to the person, too."""

    id: ErasureId
    person: PersonId
    erased_at: datetime
    run: DestructionRunId
    messages_refused: int
    destroyed: list[DestroyedPart]
    kept: list[KeptPart]
    tasks: Annotated[list[DestructionTaskId], Field(description="Paper, to be destroyed by hand.")]
    still_to_do: list[str]


class Reopening(Edge):
    """A person who was erased and came back by their own act."""

    to: Number | MISSING = MISSING
    user_id: UserId | MISSING = MISSING
    occurred_at: Annotated[Moment, Field(description="When they came back. Later than the erasure.")]
    channel: Channel
    reference: Annotated[CaseNumber, Field(description="Where their act is on file: an order, a form.")]


class Reopened(BaseModel):
    """The person, whose consents and bases can be recorded again. What was destroyed stays destroyed."""

    person: PersonId
