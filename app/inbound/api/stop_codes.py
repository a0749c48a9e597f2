"""`/v1/stop-codes`: words behind DUR that stop one purpose only."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Response

from app.inbound import queries, schemas
from app.inbound.define_code import define_code, remove_code
from app.inbound.errors import StopCodeTaken, StopCodeUnusable
from app.kit.errors import NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.purposes.errors import UnknownPurpose
from app.tenants.door import Transaction, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.name_actor import name_actor
from app.tenants.remember import Repeatable, answer_with, once

router = APIRouter(prefix="/v1/stop-codes", tags=["reviews"])

Reading = Annotated[Transaction, reads("reviews:read")]
Writing = Annotated[Transaction, writes("reviews:write")]


@router.post(
    "",
    status_code=201,
    response_model=schemas.StopCode,
    responses=declares(StopCodeTaken, StopCodeUnusable, UnknownPurpose),
)
async def create_stop_code(request: Repeatable, tx: Writing, body: schemas.NewStopCode) -> Response:
    """Define a word with which people stop one purpose: `DUR BAHAR`. DUR alone still stops all marketing."""

    async def work() -> Answer:
        code = await define_code(
            tx.session, tx.tenant, code=body.code, purpose=body.purpose, actor=name_actor(tx.caller)
        )
        place = f"/v1/stop-codes/{encode('stc', code.id)}"
        return answer_with(201, schemas.StopCode(**asdict(code)), location=place)

    return await once(tx, request, work)


@router.get("", response_model=schemas.StopCodePage)
async def list_stop_codes(tx: Reading, asked: AskedPage) -> schemas.StopCodePage:
    """List the stop codes in the order they were defined."""
    page = await list_page(
        tx, asked, lambda after, limit: queries.list_stop_codes(tx.session, tx.tenant, after=after, limit=limit)
    )
    data = [schemas.StopCode(**asdict(one)) for one in page.rows]
    return schemas.StopCodePage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


@router.get("/{stop_code_id}", response_model=schemas.StopCode, responses=declares(NotFound))
async def get_stop_code(tx: Reading, stop_code_id: schemas.StopCodeId) -> schemas.StopCode:
    """See one stop code."""
    return schemas.StopCode(**asdict(await queries.get_stop_code(tx.session, tx.tenant, stop_code_id)))


@router.delete("/{stop_code_id}", status_code=204, responses=declares(NotFound))
async def remove_stop_code(tx: Writing, stop_code_id: schemas.StopCodeId) -> None:
    """Remove a stop code. A message with it is then read by a human, and marketing is held until then."""
    await remove_code(tx.session, tx.tenant, stop_code_id, actor=name_actor(tx.caller))
