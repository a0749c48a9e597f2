"""Recipients as a stream: NDJSON or CSV of any length."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Header, Request, Response
from starlette.requests import ClientDisconnect

from app.dispatch.create import aim
from app.dispatch.errors import (
    BatchClosed,
    BatchUnknown,
    RecipientsInvalid,
    UploadInProgress,
)
from app.dispatch.flow.accept import Recipient
from app.dispatch.queries import find_batch
from app.dispatch.rows.csv_rows import Columns, find_columns
from app.dispatch.rows.objects import read_line
from app.dispatch.schemas import BatchId, Upload
from app.dispatch.show import show_refused
from app.dispatch.upload import Received, close_upload, give_up, open_upload, receive
from app.kit.http.body import accepts_up_to
from app.kit.http.idempotency import judge, read_key
from app.kit.http.openapi import declares
from app.kit.http.streams import CSV, MOST_STREAM_BYTES, announced_digest, body_of, read_media_type
from app.kit.ids import encode
from app.kit.rows.cells import Heading, cut_cells
from app.kit.rows.digest import Digest
from app.kit.rows.errors import StreamUnreadable
from app.kit.rows.lines import cut_lines
from app.runtime import Runtime, TenantKeys
from app.tenants.door import Caller, needs
from app.tenants.keys import get_tenant_keys
from app.tenants.remember import Memory, Repeatable, answer_with, fingerprint_of

log = structlog.get_logger()

router = APIRouter(tags=["batches"])

OPERATION = "POST /v1/batches/{batch_id}/recipients"

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string", "description": "One recipient as a JSON object per line."}
            },
            "application/jsonl": {"schema": {"type": "string", "description": "The same under its other name."}},
            "text/csv": {
                "schema": {
                    "type": "string",
                    "description": "A header: `to` or `user_id`, `reference`, `basis_ref`, and each variable.",
                }
            },
        },
    }
}


@router.post(
    "/batches/{batch_id}/recipients",
    status_code=202,
    response_model=Upload,
    responses=declares(BatchUnknown, BatchClosed, UploadInProgress, RecipientsInvalid, StreamUnreadable),
    openapi_extra=_BODY,
)
@accepts_up_to(MOST_STREAM_BYTES)
async def add_batch_recipients(
    batch_id: BatchId,
    request: Repeatable,
    caller: Annotated[Caller, needs("batches:write")],
    content_digest: Annotated[
        str | None,
        Header(alias="Content-Digest", description="RFC 9530, `sha-256`: 400 if the body is another one."),
    ] = None,
) -> Response:
    """Stream recipients into a draft. Nothing counts before the stream has closed: a cut one leaves no trace.

    With an `Idempotency-Key`, the same body again is answered again; another body is 422.
    """
    media_type = read_media_type(request)
    key = read_key(request.headers.get("idempotency-key"))
    run: Runtime = request.state.run
    body = Digest(body_of(request))
    async with run.db.begin(caller.tenant_id) as session:
        keys = await get_tenant_keys(run, session, caller.tenant_id)
        kept = None if key is None else await Memory(session, caller.tenant_id, keys, OPERATION).find(key)
    if kept is not None:
        async for _ in body.parts():
            pass  # a replay is judged by its body, which is known only at its end
        answer = judge(kept, fingerprint_of(keys, request, body.value()))
        return Response(answer.body, answer.status, answer.headers, "application/json")
    announced = announced_digest(content_digest)
    return await _take_stream(request, run, caller, keys, batch_id, media_type, body, key, announced)


async def _take_stream(
    request: Request,
    run: Runtime,
    caller: Caller,
    keys: TenantKeys,
    batch: UUID,
    media_type: str,
    body: Digest,
    key: str | None,
    announced: bytes | None,
) -> Response:
    """Open, receive, close; or leave no trace. Nine things in hand because a stream holds no transaction for them."""
    tenant = caller.tenant_id
    async with run.db.begin(tenant) as session:
        upload = await open_upload(session, tenant, batch, media_type)
        target = await aim(session, tenant, batch, upload, caller.key_id)
        row = await find_batch(session, tenant, batch)
        assert row is not None
    ignored: list[str] = []
    try:
        rows = _csv(body.parts(), target.variables, ignored) if media_type in CSV else _ndjson(body.parts())
        received = await receive(run, keys, target, rows, body, reject=row.on_invalid == "reject")
        body.must_equal(announced)
        async with run.db.begin(tenant) as session:
            memory = Memory(session, tenant, keys, OPERATION)
            kept = None
            if key is not None:
                kept = await memory.reserve(key, fingerprint_of(keys, request, body.value()))
            if kept is not None:
                raise UploadInProgress  # the same key was finished elsewhere meanwhile: ask again and be answered
            await close_upload(session, tenant, batch, received, body.value())
            answer = answer_with(202, _shown(batch, received, ignored), location=f"/v1/batches/{encode('bat', batch)}")
            if key is not None:
                await memory.finish(key, answer)
    except BaseException as error:  # a door: also a cancelled request leaves nothing behind
        if isinstance(error, ClientDisconnect):
            log.info("dispatch.stream_cut", batch_id=str(batch))
        await give_up(run, tenant, batch, upload)
        raise
    return Response(answer.body, answer.status, answer.headers, "application/json")


async def _ndjson(body: AsyncIterator[bytes]) -> AsyncIterator[list[Recipient]]:
    number = 0
    async for lines in cut_lines(body):
        rows = []
        for line in lines:
            number += 1
            if line is None or line.strip():
                rows.append(read_line(line, number))
        yield rows


async def _csv(
    body: AsyncIterator[bytes], variables: tuple[str, ...], ignored: list[str]
) -> AsyncIterator[list[Recipient]]:
    understood: list[Columns] = []

    def understand(heading: Heading) -> None:
        understood.append(find_columns(heading, variables))
        ignored.extend(understood[0].ignored)

    async for rows in cut_cells(body, understand):
        yield [understood[0].recipient(row) for row in rows]


def _shown(batch: UUID, received: Received, ignored: list[str]) -> Upload:
    counts: dict[str, int] = {}
    refusals: dict[str, int] = {}
    for (state, reason), n in received.counts.items():
        counts[state] = counts.get(state, 0) + n
        if reason is not None:
            refusals[reason] = refusals.get(reason, 0) + n
    return Upload(
        id=received.upload,
        batch=batch,
        rows=received.rows,
        counts=counts,
        refusals=refusals,
        first_refusals=show_refused(received.refused),
        ignored_columns=ignored,
    )
