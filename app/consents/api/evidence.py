"""`/v1/evidence`: what proves an act, known by its hash. The file itself stays with whoever keeps it."""

from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Response
from pydantic import MISSING

from app.consents import evidence_schemas as schemas
from app.consents import queries
from app.consents.circumstances import Sha256
from app.consents.fields import EvidenceId, known
from app.consents.keep_evidence import Proof, keep_evidence
from app.kit.errors import NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.tenants.door import Transaction, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.remember import Repeatable, answer_with, once

log = structlog.get_logger()

router = APIRouter(prefix="/evidence")

Reading = Annotated[Transaction, reads("consents:read")]
Writing = Annotated[Transaction, writes("consents:write")]


@router.post("", status_code=201, response_model=schemas.EvidenceObject)
async def create_evidence(request: Repeatable, tx: Writing, body: schemas.NewEvidence) -> Response:
    """Register an object that proves something, by its SHA-256; consents then name its id.

    Only the hash and where the object lies are kept: whoever has it can show later that it is the same one.
    """

    async def work() -> Answer:
        proof = Proof(
            body.kind,
            bytes.fromhex(body.sha256),
            body.media_type,
            body.size_bytes,
            known(body.reference),
            None if body.physical_ref is MISSING else body.physical_ref.model_dump(),
            known(body.captured_at),
        )
        kept = await keep_evidence(tx.session, tx.tenant, proof, api_key_id=tx.caller.key_id)
        log.info("consents.evidence_registered", evidence_id=str(kept.id), kind=kept.kind)
        return answer_with(201, _shown(kept), location=f"/v1/evidence/{encode('evd', kept.id)}")

    return await once(tx, request, work)


@router.get("", response_model=schemas.EvidencePage)
async def list_evidence(
    tx: Reading,
    asked: AskedPage,
    sha256: Annotated[Sha256 | MISSING, Query(description="Of an object with this hash only.")] = MISSING,
) -> schemas.EvidencePage:
    """List what was registered, in the order it was."""
    digest = known(sha256)
    page = await list_page(
        tx,
        asked,
        lambda after, limit: queries.list_evidence(
            tx.session,
            tx.tenant,
            sha256=None if digest is None else bytes.fromhex(digest),
            after=after,
            limit=limit,
        ),
        filters={"sha256": digest},
    )
    data = [_shown(row) for row in page.rows]
    return schemas.EvidencePage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


@router.get("/{evidence_id}", response_model=schemas.EvidenceObject, responses=declares(NotFound))
async def get_evidence(tx: Reading, evidence_id: EvidenceId) -> schemas.EvidenceObject:
    """See one object: its hash, and where it lies."""
    return _shown(await queries.get_evidence(tx.session, tx.tenant, evidence_id))


def _shown(row: queries.EvidenceObject) -> schemas.EvidenceObject:
    return schemas.EvidenceObject(
        id=row.id,
        kind=row.kind,
        sha256=row.sha256.hex(),
        media_type=row.media_type,
        size_bytes=row.byte_size,
        reference=row.reference,
        physical_ref=MISSING if row.physical_ref is None else schemas.PhysicalRef(**row.physical_ref),
        captured_at=row.captured_at,
        created_at=row.created_at,
    )
