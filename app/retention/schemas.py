"""Retention as it crosses the edge."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, Field, StringConstraints

from app.consents.fields import Edge, PersonId, PurposeKey
from app.kit.ids import PrefixedId
from app.kit.page import PageBody
from app.tenants.schemas import Name

HoldId = Annotated[UUID, PrefixedId("hld")]
DestructionRunId = Annotated[UUID, PrefixedId("dst")]
DestructionTaskId = Annotated[UUID, PrefixedId("tsk")]

# A file number, not free text: no name belongs in it.
CaseNumber = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:/-]{1,64}$"), Field(examples=["2026/1184"])]
ArchivePart = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,64}$")]


class RetentionRule(BaseModel):
    """How long one kind of data is kept.

    `purpose` is null where the purpose does not matter, `keep_days` where nothing ends it.
    """

    data_class: str
    purpose: str | None
    keep_days: int | None
    chosen: Annotated[bool, Field(description="Whether you chose it; otherwise it is the default.")]
    least_days: int | None
    most_days: int | None
    method: str
    law_references: list[str]
    title_tr: str
    title_en: str
    starts_tr: Annotated[str, Field(description="When the clock starts.")]
    starts_en: str


class RetentionRulePage(PageBody[RetentionRule]):
    """All rules; they are few, so this is one page."""


class RetentionChoice(Edge):
    """How long one kind of data shall be kept, for one purpose or for all."""

    data_class: Annotated[str, StringConstraints(max_length=64), Field(examples=["message_content"])]
    purpose: Annotated[PurposeKey | MISSING, Field(description="Every purpose, if left out.")] = MISSING
    keep_days: Annotated[
        Annotated[int, Field(ge=1, le=36500)] | MISSING, Field(description="The default again, if left out.")
    ] = MISSING


class RetentionChoices(Edge):
    """What shall be kept how long. What is not named stays as it is."""

    rules: Annotated[list[RetentionChoice], Field(min_length=1, max_length=200)]


class NewHold(Edge):
    """Why a person's records have to stay."""

    reason: Literal["lawsuit", "authority", "complaint", "audit"]
    reference: Annotated[CaseNumber | MISSING, Field(description="The file's number.")] = MISSING


class Hold(BaseModel):
    """A person whose records are not destroyed until the hold is lifted."""

    id: HoldId
    person: PersonId
    reason: str
    reference: str | None
    placed_at: datetime
    lifted_at: datetime | None


class HoldPage(PageBody[Hold]):
    """A page of holds."""


class DestructionRun(BaseModel):
    """One going-through that destroyed what was over, what a person asked for, or one thing by hand."""

    id: DestructionRunId
    kind: Literal["retention", "erasure", "physical"]
    person: PersonId | None
    actor: str
    began_at: datetime
    ended_at: datetime


class DestructionRunPage(PageBody[DestructionRun]):
    """A page of runs, newest first."""


class DestructionItem(BaseModel):
    """So many of one class, by one method, and the rule that was over."""

    data_class: str
    purpose: str | None
    method: str
    size: int
    keep_days: int | None
    law_references: list[str]


class DestructionReport(DestructionRun):
    """A run with all it destroyed."""

    items: list[DestructionItem]


class NewDestructionTask(Edge):
    """Something in an archive that has to be destroyed by hand."""

    archive: ArchivePart
    box: ArchivePart | MISSING = MISSING
    folder: ArchivePart | MISSING = MISSING
    page: ArchivePart | MISSING = MISSING
    reason: Literal["erasure", "retention"]
    person: PersonId | MISSING = MISSING


class DestructionSignature(Edge):
    """That it was done, how, and by whom."""

    method: Literal["shred", "burn", "pulp", "wipe"]
    signed_by: Annotated[Name, Field(description="Who answers for it on your side.")]


class DestructionTask(BaseModel):
    """Something in an archive that has to be, or was, destroyed by hand."""

    id: DestructionTaskId
    archive: str
    box: str | None
    folder: str | None
    page: str | None
    reason: str
    person: PersonId | None
    created_at: datetime
    due_at: datetime
    signed_at: datetime | None
    signed_by: str | None
    method: str | None


class DestructionTaskPage(PageBody[DestructionTask]):
    """A page of tasks."""
