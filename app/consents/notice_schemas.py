"""Showings and acknowledgements of notices as they cross the edge."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import MISSING, BaseModel, Field

from app.consents.acts import Channel
from app.consents.fields import (
    ConsentEventId,
    Edge,
    Method,
    Moment,
    NoticeVersionId,
    OnInvalid,
    PersonId,
    Rows,
)
from app.consents.schemas import PersonName
from app.kit.page import PageBody


class NewAcknowledgement(PersonName):
    """A notice version that a person was shown; with `acknowledged_at` also that they acknowledged it.

    The id is that of the language they were shown. A notice is acknowledged, never accepted: a `method` that says
    otherwise is refused.
    """

    notice_version_id: NoticeVersionId
    shown_at: Moment
    acknowledged_at: Annotated[Moment | MISSING, Field(description="Left out: they were only shown it.")] = MISSING
    channel: Channel
    method: Annotated[
        Method | MISSING, Field(description="How they acknowledged it.", examples=["read_and_understood_box"])
    ] = MISSING


class RecordAcknowledgements(Edge):
    """Showings and acknowledgements of many people, as one set."""

    acknowledgements: Rows[NewAcknowledgement]
    on_invalid: OnInvalid = "reject"


class Acknowledgement(BaseModel):
    """One line of the ledger: a person was shown a notice version in a language, or acknowledged it."""

    id: ConsentEventId
    person_id: PersonId
    act: Literal["shown", "acknowledged"]
    notice_version_id: NoticeVersionId
    language: str
    occurred_at: datetime
    recorded_at: datetime
    channel: str
    method: str | None


class AcknowledgementPage(PageBody[Acknowledgement]):
    """A page of showings and acknowledgements."""


class AcknowledgementSummary(BaseModel):
    """How often a notice version was shown and acknowledged, and by how many people, in all its languages."""

    shown: int
    acknowledged: int
    people_shown: int
    people_acknowledged: int
