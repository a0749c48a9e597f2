"""`/v1/consent-imports`: acts of many people as a stream of NDJSON or CSV."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

import structlog
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import MISSING
from starlette.requests import ClientDisconnect

from app.consents.fields import ImportId, known
from app.consents.imports import reads, schemas
from app.consents.imports.receive import abort, complete, open_import, receive
from app.consents.imports.rows import Columns, Given, find_columns, read_cells, read_line
from app.consents.imports.take import Target
from app.kit.errors import NotFound
from app.kit.http.body import accepts_up_to
from app.kit.http.idempotency import IdempotencyInProgress, judge, read_key
from app.kit.http.openapi import declares
from app.kit.http.streams import CSV, MOST_STREAM_BYTES, announced_digest, body_of, read_media_type
from app.kit.ids import encode
from app.kit.page import next_link
from app.kit.rows.cells import Heading, cut_cells
from app.kit.rows.digest import Digest
from app.kit.rows.errors import ColumnsMissing, StreamEmpty, StreamUnreadable
from app.kit.rows.lines import cut_lines
from app.runtime import Runtime, TenantKeys
from app.tenants.door import Caller, Transaction, needs
from app.tenants.door import reads as reading
from app.tenants.keys import get_tenant_keys
from app.tenants.list_page import AskedPage, list_page
from app.tenants.remember import Memory, Repeatable, answer_with, fingerprint_of

log = structlog.get_logger()

router = APIRouter(prefix="/consent-imports")

OPERATION = "POST /v1/consent-imports"
RESULTS_PAGE = 5_000

Reading = Annotated[Transaction, reading("consents:read")]
Wanted = Annotated[schemas.OutcomeName | MISSING, Query(description="Rows of this outcome only.")]

_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {
                "schema": {
                    "type": "string",
                    "description": "One consent as a JSON object per line, as in /v1/consents.",
                }
            },
            "application/jsonl": {"schema": {"type": "string", "description": "The same under its other name."}},
            "text/csv": {
                "schema": {
                    "type": "string",
                    "description": "A header: `to` or `user_id`, `purpose`, `act`, `channel`, `occurred_at`, and more.",
                }
            },
        },
    }
}


@router.post(
    "",
    status_code=201,
    response_model=schemas.TakenConsentImport,
    responses=declares(StreamUnreadable, StreamEmpty, ColumnsMissing),
    openapi_extra=_BODY,
)
@accepts_up_to(MOST_STREAM_BYTES)
async def create_consent_import(
    request: Repeatable,
    caller: Annotated[Caller, needs("consents:write")],
    content_digest: Annotated[
        str | None,
        Header(alias="Content-Digest", description="RFC 9530, `sha-256`: 400 if the body was another one."),
    ] = None,
) -> Response:
    """Import acts of any number of people. Rows without proof are kept as `imported` and open nothing.

    Chunks take effect as they are committed; when the stream is cut, what was committed stays. Send it again: rows that
    are in the ledger already are recognised. With an `Idempotency-Key` a finished import is answered again.
    """
    media_type = read_media_type(request)
    key = read_key(request.headers.get("idempotency-key"))
    announced = announced_digest(content_digest)
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
    import_id = await open_import(run, caller.tenant_id, media_type, caller.key_id)
    attested = run.settings.iys_mode == "attested"
    target = Target(caller.tenant_id, import_id, caller.key_id, attested)
    return await _take_stream(request, run, keys, target, media_type, body, key, announced)


async def _take_stream(
    request: Request,
    run: Runtime,
    keys: TenantKeys,
    target: Target,
    media_type: str,
    body: Digest,
    key: str | None,
    announced: bytes | None,
) -> Response:
    """Receive and close. Eight things in hand because a stream holds no transaction for them."""
    ignored: list[str] = []
    try:
        parts, import_id = body.parts(), target.import_id
        rows = _csv(parts, import_id, ignored) if media_type in CSV else _ndjson(parts, import_id)
        progress = await receive(run, keys, target, rows, body)
        body.must_equal(announced)
        async with run.db.begin(target.tenant) as session:
            memory = Memory(session, target.tenant, keys, OPERATION)
            if key is not None and await memory.reserve(key, fingerprint_of(keys, request, body.value())) is not None:
                raise IdempotencyInProgress(retry_after_s=1)  # the same key was finished elsewhere meanwhile
            await complete(session, target, body.value())
            done = _shown(await reads.get_import(session, target.tenant, import_id))
            taken = schemas.TakenConsentImport(**dict(done), ignored_columns=ignored)
            answer = answer_with(201, taken, location=f"/v1/consent-imports/{encode('imp', import_id)}")
            if key is not None:
                await memory.finish(key, answer)
    except BaseException as error:  # a door: also a cancelled request says what became of it
        if isinstance(error, ClientDisconnect):
            log.info("consents.import_cut", import_id=str(target.import_id))
        await abort(run, target)
        raise
    log.info(
        "consents.imported", import_id=str(target.import_id), size=progress.rows, opened=progress.outcomes["opened"]
    )
    return Response(answer.body, answer.status, answer.headers, "application/json")


async def _ndjson(body: AsyncIterator[bytes], import_id: UUID) -> AsyncIterator[list[Given]]:
    number = 0
    async for lines in cut_lines(body):
        rows = []
        for line in lines:
            number += 1
            if line is None or line.strip():
                rows.append(read_line(line, number, import_id))
        yield rows


async def _csv(body: AsyncIterator[bytes], import_id: UUID, ignored: list[str]) -> AsyncIterator[list[Given]]:
    understood: list[Columns] = []

    def understand(heading: Heading) -> None:
        understood.append(find_columns(heading))
        ignored.extend(understood[0].ignored)

    async for rows in cut_cells(body, understand):
        yield [read_cells(row, understood[0], import_id) for row in rows]


@router.get("", response_model=schemas.ConsentImportPage)
async def list_consent_imports(tx: Reading, asked: AskedPage) -> schemas.ConsentImportPage:
    """List imports, newest first, running ones too."""
    page = await list_page(
        tx, asked, lambda after, limit: reads.list_imports(tx.session, tx.tenant, after=after, limit=limit)
    )
    data = [_shown(row) for row in page.rows]
    return schemas.ConsentImportPage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


@router.get("/{import_id}", response_model=schemas.ConsentImport, responses=declares(NotFound))
async def get_consent_import(tx: Reading, import_id: ImportId) -> schemas.ConsentImport:
    """See how far an import is, and what became of its rows."""
    return _shown(await reads.get_import(tx.session, tx.tenant, import_id))


@router.get("/{import_id}/rows", response_model=schemas.ConsentImportRowPage, responses=declares(NotFound))
async def list_consent_import_rows(
    tx: Reading, asked: AskedPage, import_id: ImportId, outcome: Wanted = MISSING
) -> schemas.ConsentImportRowPage:
    """List what became of each row: what opened, what did not, and why."""
    await reads.get_import(tx.session, tx.tenant, import_id)
    wanted = known(outcome)
    bound = {"tenant": str(tx.tenant), "path": asked.request.url.path, "outcome": wanted}
    after = tx.run.cursors.read(asked.cursor, bound)
    last = int(after[0]) if after else 0
    rows = await reads.list_rows(tx.session, tx.tenant, import_id, outcome=wanted, after=last, limit=asked.limit + 1)
    page = tx.run.cursors.cut(rows, asked.limit, key=lambda row: (row.row_number,), filters=bound)
    if page.next_cursor is not None:
        query = dict(asked.request.query_params)
        asked.response.headers["link"] = next_link(asked.request.url.path, query, page.next_cursor)
    data = [_row(row) for row in page.rows]
    return schemas.ConsentImportRowPage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


@router.get(
    "/{import_id}/results",
    response_class=StreamingResponse,
    responses={200: {"content": {"application/jsonl": {"schema": {"type": "string"}}}}, **declares(NotFound)},
)
async def stream_consent_import_results(
    request: Request,
    caller: Annotated[Caller, needs("consents:read")],
    import_id: ImportId,
    outcome: Wanted = MISSING,
) -> StreamingResponse:
    """Stream what became of each row, one JSON object per line, with flat memory."""
    run: Runtime = request.state.run
    async with run.db.begin(caller.tenant_id) as session:
        await reads.get_import(session, caller.tenant_id, import_id)
    lines = _results(run, caller.tenant_id, import_id, known(outcome))
    return StreamingResponse(lines, media_type="application/jsonl")


async def _results(run: Runtime, tenant: UUID, import_id: UUID, outcome: str | None) -> AsyncIterator[bytes]:
    after = 0
    while True:
        async with run.db.begin(tenant) as session:
            rows = await reads.list_rows(session, tenant, import_id, outcome=outcome, after=after, limit=RESULTS_PAGE)
        if not rows:
            return
        after = rows[-1].row_number
        yield b"".join(_row(row).model_dump_json().encode() + b"\n" for row in rows)


def _row(row: reads.ImportRow) -> schemas.ConsentImportRow:
    return schemas.ConsentImportRow(
        row=row.row_number, outcome=row.outcome, reason=row.reason, detail=row.detail, person_id=row.person_id
    )


def _shown(row: reads.Import) -> schemas.ConsentImport:
    return schemas.ConsentImport(
        id=row.id,
        state=row.state,
        media_type=row.media_type,
        created_at=row.created_at,
        closed_at=row.closed_at,
        rows=row.row_count,
        opened=row.opened,
        recorded=row.recorded,
        repeated=row.repeated,
        refused=row.refused,
        reasons=dict(row.reasons),
    )
