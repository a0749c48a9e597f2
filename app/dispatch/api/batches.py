"""Batches: make, look, start, pause, resume, cancel, reconcile."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response
from pydantic import MISSING

from app.dispatch import queries
from app.dispatch.cancel import cancel
from app.dispatch.create import Wanted, create
from app.dispatch.errors import (
    BatchEmpty,
    BatchStateConflict,
    BatchUnknown,
    RecipientsInvalid,
    TooManyInline,
    UnknownSender,
    UnknownTemplate,
)
from app.dispatch.find_wait import find_wait
from app.dispatch.inline import take_in_inline
from app.dispatch.pause import pause, resume
from app.dispatch.permit import NOT_PERMITTED
from app.dispatch.queries import count_batch, count_batches, find_batch
from app.dispatch.reconcile import reconcile
from app.dispatch.rows.objects import read_object
from app.dispatch.schemas import (
    MOST_INLINE,
    Batch,
    BatchId,
    BatchPage,
    BatchStateName,
    NewBatch,
    Reconciliation,
)
from app.dispatch.show import show_batch
from app.dispatch.start import start
from app.dispatch.take_in import RowProblem
from app.kit.errors import PreconditionFailed
from app.kit.http.body import accepts_up_to
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.tenants.door import Transaction, reads, writes
from app.tenants.errors import ScopeMissing
from app.tenants.list_page import AskedPage, list_page
from app.tenants.remember import Repeatable, answer_with, once

router = APIRouter(tags=["batches"])

IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="The ETag you read: 412 if the batch was changed since.", examples=['"3"']),
]

_READ: dict[int | str, dict[str, Any]] = {
    200: {"headers": {"ETag": {"description": "For `If-Match`.", "schema": {"type": "string"}}}}
}
_STARTED: dict[int | str, dict[str, Any]] = {202: {"model": Batch, "description": "Accepted and started."}}

MOST_INLINE_BYTES = 16 * 1024 * 1024  # 10,000 recipients with long values


@router.post(
    "/batches",
    status_code=201,
    response_model=Batch,
    responses=_STARTED | declares(UnknownSender, UnknownTemplate, RecipientsInvalid, *NOT_PERMITTED),
)
@accepts_up_to(MOST_INLINE_BYTES)
async def create_batch(
    request: Repeatable, body: NewBatch, tx: Annotated[Transaction, writes("batches:write")]
) -> Response:
    """Create a batch. With recipients and `start` this is the whole job in one call: 202 once all of it is on disk.

    `start` needs the scope `batches:send` as well.
    """
    if body.start and "batches:send" not in tx.caller.scopes:
        raise ScopeMissing
    return await once(tx, request, lambda: _create(body, tx))


async def _create(body: NewBatch, tx: Transaction) -> Answer:
    recipients = [] if body.recipients is MISSING else body.recipients
    if len(recipients) > MOST_INLINE:
        raise TooManyInline
    batch = await create(tx.session, tx.tenant, _wanted(body))
    refused: list[RowProblem] | None = None
    if recipients:
        rows = [read_object(given, place + 1) for place, given in enumerate(recipients)]
        refused = await take_in_inline(tx, batch, rows, reject=body.on_invalid == "reject", under="/recipients")
    if body.start:
        _, sender = await start(tx.run.settings, tx.session, tx.tenant, batch)
        tx.ring("drain", sender)
    shown = await _show(tx, batch, refused)
    return answer_with(202 if body.start else 201, shown, location=f"/v1/batches/{encode('bat', batch)}")


def _wanted(body: NewBatch) -> Wanted:
    return Wanted(
        sender=body.sender,
        template_name=body.template.name,
        template_language=body.template.language,
        purpose=body.purpose,
        on_invalid=body.on_invalid,
        send_at=None if body.send_at is MISSING else body.send_at,
        expires_at=None if body.expires_at is MISSING else body.expires_at,
        reference=None if body.reference is MISSING else body.reference,
        metadata=body.metadata,
        delivery_policy=None if body.delivery_policy is MISSING else body.delivery_policy,
        error_rate=body.error_policy.rate if body.error_policy.on_errors == "pause" else None,
        error_sample=body.error_policy.sample,
        start_late=body.start_late,
    )


async def _show(tx: Transaction, batch: UUID, refused: list[RowProblem] | None = None) -> Batch:
    row = await find_batch(tx.session, tx.tenant, batch)
    if row is None:
        raise BatchUnknown
    wait = await find_wait(tx.run.settings, tx.session, tx.tenant, row)
    return show_batch(row, *await count_batch(tx.session, tx.tenant, batch), refused, wait)


@router.get("/batches", response_model=BatchPage)
async def list_batches(
    tx: Annotated[Transaction, reads("batches:read")],
    asked: AskedPage,
    state: Annotated[BatchStateName | None, Query()] = None,
) -> BatchPage:
    """List batches, newest first."""

    async def fetch(after: UUID | None, size: int) -> list[Any]:
        return list(await queries.list_batches(tx.session, tx.tenant, after=after, state=state, size=size))

    page = await list_page(tx, asked, fetch, filters={"state": state})
    counted = await count_batches(tx.session, tx.tenant, [row.id for row in page.rows])
    data = [show_batch(row, *counted[row.id]) for row in page.rows]
    return BatchPage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


@router.get("/batches/{batch_id}", response_model=Batch, responses=_READ | declares(BatchUnknown))
async def get_batch(batch_id: BatchId, response: Response, tx: Annotated[Transaction, reads("batches:read")]) -> Batch:
    """Get one batch with its counters: the progress of a long send, and what it waits for when it does not move."""
    row = await find_batch(tx.session, tx.tenant, batch_id)
    if row is None:
        raise BatchUnknown
    response.headers["etag"] = _etag(row.version)
    wait = await find_wait(tx.run.settings, tx.session, tx.tenant, row)
    return show_batch(row, *await count_batch(tx.session, tx.tenant, batch_id), wait=wait)


@router.post(
    "/batches/{batch_id}/start",
    status_code=202,
    response_model=Batch,
    responses=declares(BatchUnknown, BatchStateConflict, PreconditionFailed, BatchEmpty, *NOT_PERMITTED),
)
async def start_batch(
    batch_id: BatchId, request: Repeatable, tx: Annotated[Transaction, writes("batches:send")], if_match: IfMatch = None
) -> Response:
    """Start a draft, now or at its `send_at`. Starting twice is starting once."""

    async def work() -> Answer:
        await _check_etag(if_match, tx, batch_id)
        _, sender = await start(tx.run.settings, tx.session, tx.tenant, batch_id)
        tx.ring("drain", sender)
        return answer_with(202, await _show(tx, batch_id))

    return await once(tx, request, work)


@router.post(
    "/batches/{batch_id}/pause",
    response_model=Batch,
    responses=declares(BatchUnknown, BatchStateConflict, PreconditionFailed),
)
async def pause_batch(
    batch_id: BatchId, tx: Annotated[Transaction, writes("batches:write")], if_match: IfMatch = None
) -> Batch:
    """Pause: no message is claimed any more; what is on its way arrives."""
    await _check_etag(if_match, tx, batch_id)
    await pause(tx.session, tx.tenant, batch_id)
    return await _show(tx, batch_id)


@router.post(
    "/batches/{batch_id}/resume",
    response_model=Batch,
    responses=declares(BatchUnknown, BatchStateConflict, PreconditionFailed, *NOT_PERMITTED),
)
async def resume_batch(
    batch_id: BatchId, tx: Annotated[Transaction, writes("batches:send")], if_match: IfMatch = None
) -> Batch:
    """Go on where it was paused."""
    await _check_etag(if_match, tx, batch_id)
    tx.ring("drain", await resume(tx.run.settings, tx.session, tx.tenant, batch_id))
    return await _show(tx, batch_id)


@router.post(
    "/batches/{batch_id}/cancel",
    response_model=Batch,
    responses=declares(BatchUnknown, BatchStateConflict, PreconditionFailed),
)
async def cancel_batch(
    batch_id: BatchId, tx: Annotated[Transaction, writes("batches:write")], if_match: IfMatch = None
) -> Batch:
    """Cancel: what is still queued never leaves. There is no way back."""
    await _check_etag(if_match, tx, batch_id)
    await cancel(tx.session, tx.tenant, batch_id)
    return await _show(tx, batch_id)


@router.get("/batches/{batch_id}/reconciliation", response_model=Reconciliation, responses=declares(BatchUnknown))
async def get_batch_reconciliation(
    batch_id: BatchId, tx: Annotated[Transaction, reads("batches:read")]
) -> Reconciliation:
    """Prove that the sum of outcomes is the total, counted from the rows themselves."""
    found = await reconcile(tx.session, tx.tenant, batch_id)
    return Reconciliation(
        batch=batch_id,
        total=found.total,
        by_state=found.by_state,
        refusals=found.refusals,
        missing=found.missing,
        doubled=found.doubled,
        counters_match=found.counters_match,
        balanced=found.balanced,
    )


def _etag(version: int) -> str:
    return f'"{version}"'


async def _check_etag(wanted: str | None, tx: Transaction, batch: UUID) -> None:
    """With `If-Match` a change applies only to the version that was read (RFC 9110)."""
    if wanted is None or wanted == "*":
        return
    row = await find_batch(tx.session, tx.tenant, batch, lock=True)
    if row is None:
        raise BatchUnknown
    if _etag(row.version) not in [one.strip() for one in wanted.split(",")]:
        raise PreconditionFailed
