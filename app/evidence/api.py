"""`/v1/audit`, receipts of messages, and the one door for anybody who was handed a receipt."""

import base64
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from app.audit.record import record
from app.dispatch.errors import MessageUnknown
from app.dispatch.queries import find_message
from app.dispatch.schemas import MessageId
from app.evidence import queries, schemas
from app.evidence.chain import PREFIXES
from app.evidence.check_receipt import LONGEST, check_receipt
from app.evidence.examine import Flawed
from app.evidence.export import export_chain
from app.evidence.receipt import make_receipt, too_early
from app.evidence.signer import trusted_keys
from app.evidence.tree import prove_consistency
from app.kit import canonical
from app.kit.errors import NotFound
from app.kit.http.body import accepts_up_to
from app.kit.http.openapi import declares
from app.kit.ids import decode, encode
from app.kit.notes import Verifier
from app.kit.page import next_link
from app.runtime import Runtime
from app.tenants.door import Caller, Transaction, needs, reads
from app.tenants.list_page import AskedPage, list_page
from app.tenants.name_actor import name_actor

router = APIRouter(prefix="/v1", tags=["audit"])

Reading = Annotated[Transaction, reads("audit:read")]

_EXPORT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One link or checkpoint per line; the first says whose it is, the last how many there were.",
        "content": {"application/jsonl": {"schema": {"type": "string"}}},
    }
}


@router.get("/audit/keys", response_model=schemas.AuditKeys)
async def get_audit_keys(tx: Reading) -> schemas.AuditKeys:
    """Get the public keys that verify your checkpoints and receipts, the one that signs now first. Keep a copy."""
    keys = await trusted_keys(tx.run, tx.session, tx.tenant)
    return schemas.AuditKeys(keys=[_key(verifier, signs=place == 0) for place, verifier in enumerate(keys)])


@router.get("/audit/checkpoints", response_model=schemas.CheckpointPage)
async def list_checkpoints(tx: Reading, asked: AskedPage) -> schemas.CheckpointPage:
    """List the signed checkpoints of your chain, newest first. Keep one elsewhere now and then."""
    page = await list_page(
        tx, asked, lambda after, size: queries.list_checkpoints(tx.session, tx.tenant, after=after, size=size)
    )
    data = [schemas.Checkpoint(**_checkpoint(row)) for row in page.rows]
    return schemas.CheckpointPage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


@router.get(
    "/audit/checkpoints/{checkpoint_id}",
    response_model=schemas.CheckpointDetail,
    responses=declares(NotFound),
)
async def get_checkpoint(
    tx: Reading,
    checkpoint_id: schemas.CheckpointId,
    since: Annotated[
        int | None, Query(ge=1, description="Prove that the chain begins with the first so many links.")
    ] = None,
) -> schemas.CheckpointDetail:
    """See one checkpoint, and the proof that it continues an earlier one."""
    row = await queries.find_checkpoint(tx.session, tx.tenant, checkpoint_id)
    if row is None or (since is not None and since > row.size):
        raise NotFound
    if since is None:
        return schemas.CheckpointDetail(**_checkpoint(row))
    path = await prove_consistency(tx.session, tx.tenant, since, row.size)
    return schemas.CheckpointDetail(**_checkpoint(row), consistency=[one.hex() for one in path])


@router.get("/audit/links", response_model=schemas.AuditLinkPage)
async def list_audit_links(tx: Reading, asked: AskedPage) -> schemas.AuditLinkPage:
    """List the links of your chain in order. Their contents are in the export."""
    bound = {"tenant": str(tx.tenant), "path": asked.request.url.path}
    keys = tx.run.cursors.read(asked.cursor, bound)
    rows = await queries.list_links(tx.session, tx.tenant, after=int(keys[0]) if keys else 0, size=asked.limit + 1)
    page = tx.run.cursors.cut(rows, asked.limit, key=lambda row: (row.seq,), filters=bound)
    if page.next_cursor is not None:
        query = dict(asked.request.query_params)
        asked.response.headers["link"] = next_link(asked.request.url.path, query, page.next_cursor)
    data = [_link(row) for row in page.rows]
    return schemas.AuditLinkPage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


@router.get("/audit/export", response_class=StreamingResponse, responses=_EXPORT)
async def stream_audit_export(request: Request, caller: Annotated[Caller, needs("audit:read")]) -> StreamingResponse:
    """Stream the whole chain with its contents as JSON Lines. `toplu audit verify FILE` examines it. Itself an act."""
    run: Runtime = request.state.run
    async with run.db.begin(caller.tenant_id) as session:
        await record(session, caller.tenant_id, action="audit.exported", actor=name_actor(caller))
    return StreamingResponse(export_chain(run, caller.tenant_id), media_type="application/jsonl")


@router.get("/messages/{message_id}/receipt", response_model=schemas.Receipt, responses=declares(MessageUnknown))
async def get_message_receipt(message_id: MessageId, tx: Reading) -> Response:
    """Get the receipt of a message: why it was sent, or not, with a proof that anybody can check."""
    receipt = await make_receipt(tx.run, tx.session, tx.tenant, message_id)
    if receipt is None:
        if await find_message(tx.session, tx.tenant, message_id) is None:
            raise MessageUnknown
        receipt = too_early(tx.tenant, message_id)
    return Response(canonical.write(receipt), media_type="application/json")


@router.post("/receipts/verify", response_model=schemas.CheckedReceipt)
@accepts_up_to(LONGEST)
async def check_message_receipt(request: Request, body: schemas.ReceiptToCheck) -> schemas.CheckedReceipt:
    """Check a receipt that this installation gave. Needs no key: whoever was handed a receipt may ask."""
    run: Runtime = request.state.run
    asking = request.client.host if request.client else ""
    request.state.headers = run.rate.enforce(f"receipts|{asking}").headers()
    try:
        tenant = decode("ten", str(body.receipt.get("header", {}).get("tenant")))
    except (ValueError, AttributeError):
        tenant = UUID(int=0)
    try:
        async with run.db.begin(tenant) as session:
            keys = await trusted_keys(run, session, tenant)
        checked = check_receipt(body.receipt, keys)
    except Flawed as found:
        return schemas.CheckedReceipt(
            valid=False, flaw=found.flaw, why=found.where, message=None, decision=None, links=None
        )
    return schemas.CheckedReceipt(
        valid=True, flaw=None, why=None, message=checked.message, decision=checked.decision, links=checked.size
    )


def _key(verifier: Verifier, *, signs: bool) -> schemas.AuditKey:
    public = base64.b64encode(verifier.public_key).decode()
    return schemas.AuditKey(name=verifier.name, algorithm="Ed25519", key=verifier.text, public_key=public, signs=signs)


def _checkpoint(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "size": row.size,
        "root": row.root.hex(),
        "note": row.note,
        "key": row.key,
        "stamp": None if row.stamp is None else base64.b64encode(row.stamp).decode(),
        "at": row.at,
    }


def _link(row: Any) -> schemas.AuditLink:
    return schemas.AuditLink(
        seq=row.seq,
        source=row.source,
        source_id=encode(PREFIXES[row.source], row.source_id),
        digest=row.digest.hex(),
        hash=row.hash.hex(),
        sealed_at=row.sealed_at,
    )
