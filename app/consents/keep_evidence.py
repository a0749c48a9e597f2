"""Keep evidence: know an object that proves something by its hash, and where it lies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert

from app.consents.models import evidence_objects
from app.consents.queries import EvidenceObject, get_evidence
from app.kit.db import Session
from app.kit.ids import new_id


@dataclass(frozen=True, slots=True)
class Proof:
    """An object as its holder describes it. `sha256` of its bytes; `physical_ref`: archive, box, folder, page."""

    kind: str
    sha256: bytes
    media_type: str
    byte_size: int
    reference: str | None = field(default=None, repr=False)
    physical_ref: Mapping[str, str] | None = None
    captured_at: datetime | None = None


async def keep_evidence(session: Session, tenant: UUID, proof: Proof, *, api_key_id: UUID | None) -> EvidenceObject:
    """Write the object down. It is never changed; one that was described wrongly is described again."""
    evidence = new_id()
    await session.execute(
        insert(evidence_objects).values(
            id=evidence,
            tenant_id=tenant,
            kind=proof.kind,
            sha256=proof.sha256,
            media_type=proof.media_type,
            byte_size=proof.byte_size,
            reference=proof.reference,
            physical_ref=None if proof.physical_ref is None else dict(proof.physical_ref),
            captured_at=proof.captured_at,
            api_key_id=api_key_id,
        )
    )
    return await get_evidence(session, tenant, evidence)
