"""Evidence objects as they cross the edge."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import MISSING, BaseModel, Field, StringConstraints

from app.consents.circumstances import Sha256
from app.consents.fields import Edge, EvidenceId, Moment
from app.kit.page import PageBody

EvidenceKind = Literal["form_snapshot", "paper_scan", "call_recording", "message", "contract", "other_proof"]
Place = Annotated[str, StringConstraints(pattern=r"^[\w][\w ./-]{0,63}$"), Field(examples=["IST-1"])]
Reference = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,254}$"),
    Field(description="Where your own system finds it. Never personal data.", examples=["dms:2026/000123"]),
]


class PhysicalRef(Edge):
    """Where a thing of paper lies. Its destruction is a task for somebody, not for the database."""

    archive: Place
    box: Place | MISSING = MISSING
    folder: Place | MISSING = MISSING
    page: Place | MISSING = MISSING


class NewEvidence(Edge):
    """An object that proves something: a picture of the form, a scan, a recording, a message."""

    kind: EvidenceKind
    sha256: Sha256
    media_type: Annotated[str, StringConstraints(pattern=r"^[a-z]+/[a-z0-9.+-]{1,100}$"), Field(examples=["image/png"])]
    size_bytes: Annotated[int, Field(ge=0, le=1 << 50)]
    reference: Reference | MISSING = MISSING
    physical_ref: PhysicalRef | MISSING = MISSING
    captured_at: Annotated[Moment | MISSING, Field(description="When the object was made.")] = MISSING


class EvidenceObject(BaseModel):
    """An object that was registered. It is never changed."""

    id: EvidenceId
    kind: EvidenceKind
    sha256: Sha256
    media_type: str
    size_bytes: int
    reference: str | None
    physical_ref: PhysicalRef | MISSING = MISSING
    captured_at: datetime | None
    created_at: datetime


class EvidencePage(PageBody[EvidenceObject]):
    """A page of evidence objects."""
