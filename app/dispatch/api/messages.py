"""Messages: look at one, at its delivery log, at all of a batch."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import MISSING

from app.dispatch.create import Wanted, create
from app.dispatch.errors import BatchUnknown, MessageUnknown, RecipientsInvalid, UnknownSender, UnknownTemplate
from app.dispatch.inline import take_in_inline
from app.dispatch.permit import NOT_PERMITTED
from app.dispatch.queries import find_batch, find_message, list_delivery_events, list_messages
from app.dispatch.rows.objects import read_object
from app.dispatch.schemas import (
    BatchId,
    Message,
    MessageEvent,
    MessageEventPage,
    MessageId,
    MessagePage,
    MessageStateName,
    NewMessage,
    Recipient,
)
from app.dispatch.show import born, show_message
from app.dispatch.start import start
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.runtime import Runtime
from app.tenants.door import Caller, Transaction, needs, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.remember import Repeatable, answer_with, once

router = APIRouter(tags=["messages"])

RESULTS_PAGE = 1000


@router.post(
    "/messages",
    status_code=202,
    response_model=Message,
    responses=declares(UnknownSender, UnknownTemplate, RecipientsInvalid, *NOT_PERMITTED),
)
async def send_message(
    request: Repeatable, body: NewMessage, tx: Annotated[Transaction, writes("batches:send")]
) -> Response:
    """Send one message: a batch of one. The answer says whether it is queued, or why it is refused."""

    async def work() -> Answer:
        batch = await create(tx.session, tx.tenant, _wanted(body))
        given = body.model_dump(include=set(Recipient.model_fields))
        await take_in_inline(tx, batch, [read_object(given, 1)], reject=True, under="")
        _, sender = await start(tx.run.settings, tx.session, tx.tenant, batch)
        tx.ring("drain", sender)
        (row,) = await list_messages(tx.session, tx.tenant, batch, after=None, size=1)
        return answer_with(202, show_message(row), location=f"/v1/messages/{encode('msg', row.id)}")

    return await once(tx, request, work)


def _wanted(body: NewMessage) -> Wanted:
    return Wanted(
        sender=body.sender,
        template_name=body.template.name,
        template_language=body.template.language,
        purpose=body.purpose,
        expires_at=None if body.expires_at is MISSING else body.expires_at,
        delivery_policy=None if body.delivery_policy is MISSING else body.delivery_policy,
    )


@router.get("/messages/{message_id}", response_model=Message, responses=declares(MessageUnknown))
async def get_message(message_id: MessageId, tx: Annotated[Transaction, reads("batches:read")]) -> Message:
    """Get one message: where it is, and why it was sent or not."""
    row = await find_message(tx.session, tx.tenant, message_id)
    if row is None or row.state is None:
        raise MessageUnknown
    return show_message(row)


@router.get("/messages/{message_id}/events", response_model=MessageEventPage, responses=declares(MessageUnknown))
async def list_message_events(
    message_id: MessageId, tx: Annotated[Transaction, reads("batches:read")]
) -> MessageEventPage:
    """List the delivery log of a message, oldest first. The first line is its acceptance."""
    row = await find_message(tx.session, tx.tenant, message_id)
    if row is None or row.state is None:
        raise MessageUnknown
    first = MessageEvent(
        id=message_id,
        kind="refused" if row.accept_refusal else "queued",
        at=born(message_id),
        provider_at=None,
        reason=row.accept_refusal,
        meta_code=None,
        until=None,
    )
    events = [
        MessageEvent(
            id=event.id,
            kind=event.kind,
            at=event.at,
            provider_at=event.provider_at,
            reason=event.reason,
            meta_code=event.meta_code,
            until=event.until,
        )
        for event in await list_delivery_events(tx.session, tx.tenant, message_id)
    ]
    return MessageEventPage(data=[first, *events], next_cursor=None, has_more=False)


@router.get("/batches/{batch_id}/messages", response_model=MessagePage, responses=declares(BatchUnknown))
async def list_batch_messages(
    batch_id: BatchId,
    tx: Annotated[Transaction, reads("batches:read")],
    asked: AskedPage,
    state: Annotated[MessageStateName | None, Query()] = None,
    reason: Annotated[str | None, Query(max_length=64)] = None,
    reference: Annotated[str | None, Query(max_length=255)] = None,
) -> MessagePage:
    """List a batch's messages in the order they were given, by state, reason or your own reference."""
    if await find_batch(tx.session, tx.tenant, batch_id) is None:
        raise BatchUnknown
    wanted = {"state": state, "reason": reason, "reference": reference}

    async def fetch(after: UUID | None, size: int) -> list[Any]:
        return list(await list_messages(tx.session, tx.tenant, batch_id, after=after, size=size, **wanted))

    page = await list_page(tx, asked, fetch, filters=wanted)
    data = [show_message(row) for row in page.rows]
    return MessagePage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


_RESULTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One message per line; the last line is a summary, so a cut answer can be told.",
        "content": {"application/jsonl": {"schema": {"type": "string"}}},
    }
}


@router.get(
    "/batches/{batch_id}/results",
    response_class=StreamingResponse,
    responses=_RESULTS | declares(BatchUnknown),
)
async def stream_batch_results(
    batch_id: BatchId, request: Request, caller: Annotated[Caller, needs("batches:read")]
) -> StreamingResponse:
    """Stream every message of a batch as JSON Lines, with flat memory, ending in `{"type": "summary", …}`."""
    run: Runtime = request.state.run
    async with run.db.begin(caller.tenant_id) as session:
        if await find_batch(session, caller.tenant_id, batch_id) is None:
            raise BatchUnknown
    return StreamingResponse(_results(run, caller.tenant_id, batch_id), media_type="application/jsonl")


async def _results(run: Runtime, tenant: UUID, batch: UUID) -> AsyncIterator[bytes]:
    after: UUID | None = None
    lines = 0
    while True:
        async with run.db.begin(tenant) as session:
            rows = await list_messages(session, tenant, batch, after=after, size=RESULTS_PAGE)
        if not rows:
            break
        yield b"".join(show_message(row).model_dump_json().encode() + b"\n" for row in rows)
        after = rows[-1].id
        lines += len(rows)
    yield b'{"type":"summary","messages":%d}\n' % lines
