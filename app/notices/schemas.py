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
from app.notices.words import Requirement
from app.tenants.schemas import Name

NoticeId = Annotated[UUID, PrefixedId("ntc")]
VersionId = Annotated[UUID, PrefixedId("ntv")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$"), Field(examples=["tr"])]
Body = Annotated[str, StringConstraints(min_length=1, max_length=100_000, pattern=r"^[^\x00]+$")]
Paragraph = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=r"^[^\x00]+$")]
PurposeKey = Annotated[str, StringConstraints(max_length=64), Field(examples=["campaign_information"])]
Purposes = Annotated[list[str], Field(min_length=1, max_length=24, description="Keys from `GET /v1/purposes`.")]
Basis = Annotated[str, StringConstraints(pattern=r"^kvkk_5_[12](_[a-z]{1,2})?$"), Field(examples=["kvkk_5_1"])]


def _not_ahead(moment: datetime) -> datetime:
    if moment > utc_now():
        raise BadValue("shown_since_ahead", "Nobody can have been shown it yet.")
    return moment


ChangeKind = Annotated[
    Literal["editorial", "material"],
    Field(description="Material: consents that rest on earlier versions become stale."),
]
ShownSince = Annotated[
    Annotated[Moment, Field(strict=False), AfterValidator(_not_ahead)] | MISSING,
    Field(description="Since when people are shown this text, if that was before it is published here."),
]


class _Edge(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class NoticeController(_Edge):
    """Who the controller is, where to reach them, and their representative (Law 6698, article 10/1-a)."""

    heading: Name
    name: Name
    contact: Paragraph
    representative: Paragraph | MISSING = MISSING


class NoticePurpose(_Edge):
    """One purpose, in words."""

    purpose: PurposeKey
    text: Paragraph


class NoticePurposes(_Edge):
    """For which purposes data are processed (article 10/1-b)."""

    heading: Name
    items: Annotated[list[NoticePurpose], Field(min_length=1, max_length=24)]


class NoticeRecipient(_Edge):
    """Somebody who receives data, and why. `country` makes it a transfer abroad, which names its `safeguard`."""

    name: Name
    reason: Paragraph
    country: Name | MISSING = MISSING
    safeguard: Paragraph | MISSING = MISSING


class NoticeRecipients(_Edge):
    """To whom data may be transferred, and why (article 10/1-c). WhatsApp is one of them, abroad."""

    heading: Name
    items: Annotated[list[NoticeRecipient], Field(min_length=1, max_length=50)]


class NoticeCollected(_Edge):
    """How data for these purposes are collected, and on which legal basis: the registry's code, and in words."""

    purposes: Purposes
    method: Paragraph
    legal_basis: Basis
    text: Paragraph


class NoticeCollection(_Edge):
    """Method and legal basis of collection (article 10/1-ç)."""

    heading: Name
    items: Annotated[list[NoticeCollected], Field(min_length=1, max_length=24)]


class NoticeRights(_Edge):
    """The rights of article 11, and how they are used (article 10/1-d)."""

    heading: Name
    rights: Paragraph
    how: Paragraph


class NoticeBlocks(_Edge):
    """The five blocks of article 10. Each is needed to publish; versions from before may lack them."""

    controller: NoticeController | MISSING = MISSING
    purposes: NoticePurposes | MISSING = MISSING
    recipients: NoticeRecipients | MISSING = MISSING
    collection: NoticeCollection | MISSING = MISSING
    rights: NoticeRights | MISSING = MISSING


class NoticeText(_Edge):
    """The words of one language."""

    title: Name
    body: Annotated[Body, Field(description="The opening words; the blocks follow it in the text.")]
    blocks: NoticeBlocks = NoticeBlocks()
    label: Annotated[
        Name | MISSING,
        Field(description="What stands beside the box, if there is one.", examples=["Okudum, anladım."]),
    ] = MISSING


class NoticeTranslation(NoticeText):
    """The same version in another language. It gets an id and a hash of its own."""

    language: Language


Translations = Annotated[list[NoticeTranslation], Field(max_length=20, default_factory=list)]


class _FirstVersion(NoticeText):
    language: Language
    purposes: Purposes
    translations: Translations
    shown_since: ShownSince = MISSING


class NewNotice(_FirstVersion):
    """A notice and the words of its first version."""

    name: Name


class NoticeRequirement(_Edge):
    """What a material change requires for one purpose."""

    purpose: PurposeKey
    requires: Requirement


GraceDays = Annotated[int, Field(ge=0, le=365, description="When: in this many days. Only for a material change.")]
Requires = Annotated[
    Annotated[list[NoticeRequirement], Field(max_length=48)] | MISSING,
    Field(
        description="What a material change requires, for each purpose that it affects: only those that need "
        "`new_consent` become stale. Left out, all purposes do."
    ),
]


class NewNoticeVersion(NoticeText):
    """The words of the next version, and how much they change. Its main language is that of the notice."""

    language: Annotated[Language | MISSING, Field(description="If given, that of the notice.")] = MISSING
    purposes: Purposes
    translations: Translations
    shown_since: ShownSince = MISSING
    change_kind: ChangeKind
    grace_days: GraceDays = 0
    requires: Requires = MISSING

    @model_validator(mode="after")
    def _only_for_material(self) -> "NewNoticeVersion":
        if self.change_kind == "editorial":
            if self.grace_days:
                raise BadValue("grace_days_not_applicable", "Only a material change has days of grace.")
            if self.requires is not MISSING:
                raise BadValue("requires_not_applicable", "Only a material change requires something of people.")
        return self


class NoticeDraft(_FirstVersion):
    """A version that is looked at and not published: the body of either publication. Only its words are read."""

    name: Name | MISSING = MISSING
    change_kind: ChangeKind | MISSING = MISSING
    grace_days: GraceDays | MISSING = MISSING
    requires: Requires = MISSING


class NoticeFinding(BaseModel):
    """What the linter says. An `error` keeps a version from being published; a `warning` is yours to weigh."""

    code: Annotated[str, Field(examples=["block_missing"])]
    severity: Literal["error", "warning"]
    pointer: Annotated[str, Field(examples=["/blocks/rights"])]
    detail: str
    law: Annotated[str, Field(examples=["Law 6698, article 10/1-d"])]


class NoticeFindings(BaseModel):
    """Everything that the linter says of a draft; `publishable` when no finding is an error."""

    publishable: bool
    findings: list[NoticeFinding]


class NoticeRendering(BaseModel):
    """Another language of a version. A record that names its id names this very text."""

    id: VersionId
    language: str
    title: str
    sha256: str


class StalePurpose(BaseModel):
    """From `stale_at` on, consents for this purpose that rest on the version count no more."""

    purpose: str
    stale_at: datetime


class NoticeVersionSummary(BaseModel):
    """A published version, without its text.

    `sha256` is the hexadecimal SHA-256 of its `text` in UTF-8. `stale_at` is the first of `stale`.
    """

    id: VersionId
    version: int
    language: str
    title: str
    sha256: str
    purposes: list[str]
    change_kind: Literal["first", "editorial", "material"]
    requires: list[NoticeRequirement]
    published_at: datetime
    shown_since: Annotated[datetime, Field(description="No consent that is older can rest on this version.")]
    stale_at: datetime | None
    stale: list[StalePurpose]
    other_languages: list[NoticeRendering]


class NoticeVersion(NoticeVersionSummary):
    """A published version in one language. `text` is exactly what people are shown, and what is hashed."""

    body: str
    blocks: NoticeBlocks
    label: str | None
    text: str


class NoticePartChange(BaseModel):
    """A part of the text that differs. `diff` is a unified diff of its lines."""

    part: Literal["title", "body", "controller", "purposes", "recipients", "collection", "rights", "label"]
    change: Literal["added", "removed", "changed"]
    diff: str


class NoticeDifference(BaseModel):
    """What changed from one version to another, in one language."""

    from_version: int
    to_version: int
    language: str
    purposes_added: list[str]
    purposes_removed: list[str]
    parts: list[NoticePartChange]
    diff: Annotated[str, Field(description="A unified diff of the whole text; empty when nothing differs.")]


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
