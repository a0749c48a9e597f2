"""Reviews and stop codes as they cross the edge."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.consents.fields import PersonId, PurposeKey
from app.kit.ids import PrefixedId
from app.kit.page import PageBody
from app.senders.schemas import SenderId

ReviewId = Annotated[UUID, PrefixedId("rev")]
StopCodeId = Annotated[UUID, PrefixedId("stc")]
ReviewState = Literal["open", "decided"]


class Review(BaseModel):
    """A sentence that may mean STOP. While it is open, marketing is held for the person."""

    id: ReviewId
    person_id: PersonId
    sender: SenderId
    reason: Annotated[
        Literal["stop_word_inside", "spelled_out", "bare_no", "button_label", "caption"],
        Field(description="Why a human should read it."),
    ]
    words: Annotated[str | None, Field(description="What the person wrote; null once they were erased.")]
    written_at: datetime
    decision: Literal["stop", "continue"] | None
    decided_at: datetime | None


class ReviewPage(PageBody[Review]):
    """A page of reviews."""


class ReviewDecision(BaseModel):
    """What a human made of it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    decision: Annotated[
        Literal["stop", "continue"],
        Field(description="`stop`: the person wants no more marketing. `continue`: they meant something else."),
    ]


class NewStopCode(BaseModel):
    """A word behind DUR (or another stop word) that stops one purpose only."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Annotated[
        str,
        StringConstraints(min_length=2, max_length=32, pattern=r"^[^\x00-\x20\x7f]+$"),
        Field(description="One word; read in any Turkish spelling.", examples=["BAHAR"]),
    ]
    purpose: PurposeKey


class StopCode(BaseModel):
    """A stop code, as messages are compared with it."""

    id: StopCodeId
    code: str
    purpose: str
    created_at: datetime


class StopCodePage(PageBody[StopCode]):
    """A page of stop codes."""
