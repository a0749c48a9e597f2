"""The registry of processing as it crosses the edge."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.kit.ids import PrefixedId
from app.registers.fields import ExportId

TenantId = Annotated[UUID, PrefixedId("ten")]


class ProcessingPurpose(BaseModel):
    """One purpose: on what it rests, which data of whom, who receives them, and how long they are kept."""

    key: str
    title_tr: str
    title_en: str
    legal_basis: str
    law_references: list[str]
    people: Annotated[str, Field(description="Whose data.")]
    data_categories: list[str]
    recipients: Annotated[list[str], Field(description="Processors, and the kinds of third parties data went to.")]
    transfers: Annotated[list[str], Field(description="Importer, country and safeguard.")]
    retention_days: int


class ProcessingRecipient(BaseModel):
    """A processor that is in force."""

    name: str
    role: str
    country: str
    service: str


class ProcessingTransfer(BaseModel):
    """A transfer abroad that is in force."""

    importer: str
    country: str
    safeguard: str
    documented: bool
    purposes: list[str]


class ProcessingDisclosure(BaseModel):
    """Disclosures of one kind under one article, counted."""

    category: str
    law: str
    article: str
    purposes: list[str]
    times: int


class ProcessingMeasure(BaseModel):
    """A measure that is in place."""

    title: str
    kind: str
    verbis_label: str | None


class ProcessingRegistry(BaseModel):
    """The registry of processing at one moment. `export_id` and `exported_by` are its watermark."""

    export_id: ExportId
    exported_at: datetime
    exported_by: str
    tenant: TenantId
    purposes: list[ProcessingPurpose]
    processors: list[ProcessingRecipient]
    transfers: list[ProcessingTransfer]
    disclosures: list[ProcessingDisclosure]
    measures: list[ProcessingMeasure]
