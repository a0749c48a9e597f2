"""Opt-ins as they cross the edge. No payload of a button is ever among them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field, StringConstraints

from app.consents.fields import NoticeVersionId, PersonId, PurposeKey
from app.consents.schemas import IysTransaction
from app.kit.ids import PrefixedId
from app.kit.page import PageBody
from app.optins.words import Language, OfferKind
from app.senders.schemas import SenderId

OptInId = Annotated[UUID, PrefixedId("opt")]
ChallengeId = Annotated[UUID, PrefixedId("och")]
Printable = r"^[^\x00-\x09\x0b-\x1f\x7f]+$"
Url = Annotated[str, StringConstraints(pattern=r"^https://[!-~]{3,200}$")]
Kind = Annotated[
    OfferKind, Field(description="The one act that is asked: the consent (Law 6698) or the approval (Law 6563).")
]


class NewOptIn(BaseModel):
    """One act for one purpose that people may be asked about, when they write first.

    A commercial purpose takes two acts, so two opt-ins: make the approval first, then the consent with `next`.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    sender: Annotated[SenderId, Field(description="The number that people write to.")]
    purpose: PurposeKey
    kind: Kind
    notice_version_id: NoticeVersionId
    text: Annotated[
        str,
        StringConstraints(min_length=1, max_length=600, pattern=Printable),
        Field(description="Your own sentence. Purpose, effect, notice and how to refuse are added to it."),
    ]
    language: Language
    notice_url: Annotated[Url | MISSING, Field(description="Where the notice can be read.")] = MISSING
    words: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=Printable)] | MISSING,
        Field(description="What the link writes for the person, before the code."),
    ] = MISSING
    next: Annotated[OptInId | MISSING, Field(description="Asked in the same chat once this one was agreed to.")] = (
        MISSING
    )
    answers_start: Annotated[
        bool, Field(description="Whether START (BAŞLA), written to this number, begins this opt-in.")
    ] = False


class OptIn(BaseModel):
    """An opt-in, with its link."""

    id: OptInId
    sender: SenderId
    purpose: str
    kind: OfferKind
    notice_version_id: NoticeVersionId
    language: Language
    text: str
    question: Annotated[str, Field(description="The whole question as people read it.")]
    question_sha256: str
    link: Annotated[str, Field(description="Click-to-chat address, for a page or a QR code.")]
    next: OptInId | None
    answers_start: bool
    created_at: datetime
    ended_at: datetime | None


class OptInCounts(BaseModel):
    """How many people are where. `expired`: nobody tapped within 24 hours, and nothing was opened."""

    pending: int = 0
    asked: int = 0
    given: int = 0
    awaiting_iys: int = 0
    refused: int = 0
    expired: int = 0
    not_asked: int = 0


class OptInWithCounts(OptIn):
    """An opt-in, and what became of its challenges."""

    counts: OptInCounts


class OptInPage(PageBody[OptIn]):
    """A page of opt-ins."""


class Challenge(BaseModel):
    """One person who was asked. `person_wrote_at`: their own first message, without which nobody is asked."""

    id: ChallengeId
    person_id: PersonId
    state: Literal["pending", "asked", "given", "awaiting_iys", "refused", "expired", "not_asked"]
    person_wrote_at: datetime
    asked_at: datetime | None
    expires_at: datetime | None
    answered_at: Annotated[datetime | None, Field(description="When the person tapped that they agree.")]
    confirmed_at: Annotated[datetime | None, Field(description="When the confirmation left.")]
    confirmed_same_day: Annotated[bool | None, Field(description="The same day in Istanbul.")]
    refused_at: datetime | None
    attested_at: datetime | None


class ChallengePage(PageBody[Challenge]):
    """A page of challenges."""


class Attestation(IysTransaction):
    """Your transaction at the message management system (İYS) for this approval."""
