"""Notices as they cross the edge."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.kit.clock import utc_now
from app.kit.errors import BadValue
from app.kit.http.moments import Moment
from app.kit.ids import PrefixedId
from app.kit.page import PageBody
from app.tenants.schemas import Name

NoticeId = Annotated[UUID, PrefixedId("ntc")]
VersionId = Annotated[UUID, PrefixedId("ntv")]
Body = Annotated[str, StringConstraints(min_length=1, max_length=100_000, pattern=r"^[^\x00]+$")]


def _not_ahead(moment: datetime) -> datetime:
    if moment > utc_now():
        raise BadValue("shown_since_ahead", "Nobody can have been shown it yet.")
    return moment


ShownSince = Annotated[
    Annotated[Moment, Field(strict=False), AfterValidator(_not_ahead)] | MISSING,
    Field(description="Since when people are shown this text, if that was before it is published here."),
]
Purposes = Annotated[list[str], Field(min_length=1, max_length=24, description="Keys from `GET /v1/purposes`.")]


class NewNotice(BaseModel):
    """A notice and the words of its first version."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
    title: Name
    body: Body
    purposes: Purposes
    shown_since: ShownSince = MISSING


class NewNoticeVersion(BaseModel):
    """The words of the next version, and how much they change."""

    model_config = ConfigDict(extra="forbid", strict=True)

    title: Name
    body: Body
    purposes: Purposes
    change_kind: Annotated[
        Literal["editorial", "material"],
        Field(description="Material: consents that rest on earlier versions become stale."),
    ]
    grace_days: Annotated[
        int, Field(ge=0, le=365, description="When: this many days from now. Only for a material change.")
    ] = 0
    shown_since: ShownSince = MISSING

    @model_validator(mode="after")
    def _grace_is_for_material(self) -> "NewNoticeVersion":
        if self.grace_days and self.change_kind == "editorial":
            raise BadValue("grace_days_not_applicable", "Only a material change has days of grace.")
        return self


class NoticeVersionSummary(BaseModel):
    """A published version, without its body.

    `sha256` is the hexadecimal SHA-256 of the title, two line feeds and the body, in UTF-8. From `stale_at`
    on, consents that rest on this version no longer count.
    """

    id: VersionId
    version: int
    language: str
    title: str
    sha256: str
    purposes: list[str]
    change_kind: Literal["first", "editorial", "material"]
    published_at: datetime
    shown_since: Annotated[datetime, Field(description="No consent that is older can rest on this version.")]
    stale_at: datetime | None


class NoticeVersion(NoticeVersionSummary):
    """A published version, as people were shown it."""

    body: str


class Notice(BaseModel):
    """A notice, with its latest version."""

    id: NoticeId
    name: str
    created_at: datetime
    latest_version: NoticeVersionSummary


class NoticeHistory(Notice):
    """A notice, with all its versions, oldest first."""

    versions: list[NoticeVersionSummary]


class NoticePage(PageBody[Notice]):
    """A page of notices."""
