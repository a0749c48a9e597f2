"""Terms as they cross the edge."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field, StringConstraints

from app.kit.ids import PrefixedId
from app.kit.page import PageBody
from app.tenants.schemas import KeyId, Name

TermsVersionId = Annotated[UUID, PrefixedId("trv")]
AcceptanceId = Annotated[UUID, PrefixedId("tac")]
AnnouncementId = Annotated[UUID, PrefixedId("tan")]
DocumentKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,62}$"), Field(examples=["service-terms"])]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(examples=["0" * 64])]
Relation = Literal["itself", "prevails", "yields"]
Standing = Literal["accepted", "open", "overdue"]


class TermsPart(BaseModel):
    """One version of a bundle. `prevails`: where they differ it goes before the document that incorporates it."""

    document: str
    version: int
    sha256: str
    relation: Relation


class TermsVersion(BaseModel):
    """A published version of a document.

    `sha256` is the hexadecimal SHA-256 of its text in UTF-8. `bundle_sha256` is the one to accept: of one line for each
    of `bundle`, `document version sha256 relation` with a line feed.
    """

    id: TermsVersionId
    document: str
    version: int
    language: str
    title: str
    summary: Annotated[str | None, Field(description="What changes, in the operator's words.")]
    sha256: str
    bundle: list[TermsPart]
    bundle_sha256: str
    announced_at: datetime
    effective_from: datetime
    acceptance_due_at: Annotated[datetime, Field(description="From then on nothing is sent without acceptance.")]


class TermsVersionText(TermsVersion):
    """A published version with its text, and what changed since the one before it."""

    text: str
    diff: Annotated[str, Field(description="A unified diff; empty for a first version.")]


class TermsDocument(BaseModel):
    """A document of the operator: what is in force, what is coming, and how you stand to it.

    `accepted`: the version in force was accepted. `open`: it was not, and there is time until `due_at`. `overdue`: the
    time is over, and nothing is sent.
    """

    document: str
    in_force: Annotated[TermsVersion | MISSING, Field(description="Left out while none is.")] = MISSING
    upcoming: list[TermsVersion]
    accepted_version: int | None
    standing: Standing
    due_at: datetime | None


class TermsPage(PageBody[TermsDocument]):
    """The operator's documents, in one page."""


class TermsAnnouncement(BaseModel):
    """That a version was announced to you, and when."""

    id: AnnouncementId
    terms: TermsVersion
    announced_at: datetime


class TermsAnnouncementPage(PageBody[TermsAnnouncement]):
    """A page of announcements."""


class TermsSignatory(BaseModel):
    """Who accepts for you, and in which capacity. Encrypted with your key."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    role: Annotated[Name, Field(examples=["Genel müdür"])]


class NewTermsAcceptance(BaseModel):
    """A version that is accepted as it was read: with the hash of it and of everything it incorporates."""

    model_config = ConfigDict(extra="forbid", strict=True)

    document: DocumentKey
    version: Annotated[int, Field(ge=1, le=2_000_000_000)]
    bundle_sha256: Digest
    accepted_by: TermsSignatory


class TermsAcceptance(BaseModel):
    """An acceptance, with everything it pins."""

    id: AcceptanceId
    documents: list[TermsPart]
    bundle_sha256: str
    accepted_by: TermsSignatory
    api_key_id: KeyId
    accepted_at: datetime


class TermsAcceptancePage(PageBody[TermsAcceptance]):
    """A page of acceptances."""
