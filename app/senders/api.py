"""`/v1/senders`."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import MISSING

from app.kit.errors import NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.senders import queries, schemas
from app.senders.change import SenderChange, change_sender
from app.senders.errors import SenderTaken
from app.senders.halt import Halt, find_halts, resume_sender
from app.senders.register import register_sender
from app.senders.show_halt import show_halt
from app.tenants.door import Transaction, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.name_actor import name_actor
from app.tenants.remember import Repeatable, answer_with, once

router = APIRouter(prefix="/v1/senders", tags=["senders"])

Reading = Annotated[Transaction, reads("senders:read")]
Writing = Annotated[Transaction, writes("senders:write")]


@router.post("", status_code=201, response_model=schemas.Sender, responses=declares(SenderTaken))
async def create_sender(request: Repeatable, tx: Writing, body: schemas.NewSender) -> Response:
    """Register a WhatsApp business number to send from.

    The access token is encrypted at once and never shown again, but for its last four characters.
    """

    async def work() -> Answer:
        sender = await register_sender(tx.run, tx.session, tx.tenant, **body.model_dump(), actor=name_actor(tx.caller))
        return answer_with(201, _shown(sender), location=f"/v1/senders/{encode('snd', sender.id)}")

    return await once(tx, request, work)


@router.get("", response_model=schemas.SenderPage)
async def list_senders(tx: Reading, asked: AskedPage) -> schemas.SenderPage:
    """List the senders in the order they were registered."""
    page = await list_page(
        tx, asked, lambda after, limit: queries.list_senders(tx.session, tx.tenant, after=after, limit=limit)
    )
    halts = await find_halts(tx.session, tx.tenant, [sender.id for sender in page.rows])
    return schemas.SenderPage(
        data=[_shown(sender, halts.get(sender.id)) for sender in page.rows],
        next_cursor=page.next_cursor,
        has_more=page.has_more,
    )


@router.get("/{sender_id}", response_model=schemas.Sender, responses=declares(NotFound))
async def get_sender(tx: Reading, sender_id: schemas.SenderId) -> schemas.Sender:
    """See one sender, and whether WhatsApp has made it fall silent."""
    return await _show(tx, await queries.get_sender(tx.session, tx.tenant, sender_id))


@router.patch("/{sender_id}", response_model=schemas.Sender, responses=declares(NotFound))
async def update_sender(tx: Writing, sender_id: schemas.SenderId, body: schemas.SenderChange) -> schemas.Sender:
    """Change a sender: its name, its access token, its speed, or whether it sends at all."""
    sender = await change_sender(
        tx.run,
        tx.session,
        tx.tenant,
        sender_id=sender_id,
        change=SenderChange(**body.model_dump()),
        actor=name_actor(tx.caller),
    )
    tx.ring("drain", sender.id)
    return await _show(tx, sender)


@router.post("/{sender_id}/resume", response_model=schemas.Sender, responses=declares(NotFound))
async def resume_halted_sender(tx: Writing, sender_id: schemas.SenderId) -> schemas.Sender:
    """Let a halted sender try again now, and with it those of its account or token that were halted for the same.

    Resuming one that is not halted is no error. If WhatsApp still refuses, it is halted again after one page.
    """
    for one in await resume_sender(tx.session, tx.tenant, sender_id, actor=name_actor(tx.caller)):
        tx.ring("drain", one)
    return await _show(tx, await queries.get_sender(tx.session, tx.tenant, sender_id))


async def _show(tx: Transaction, sender: queries.Sender) -> schemas.Sender:
    return _shown(sender, (await find_halts(tx.session, tx.tenant, [sender.id])).get(sender.id))


def _shown(sender: queries.Sender, halt: Halt | None = None) -> schemas.Sender:
    return schemas.Sender(
        id=sender.id,
        name=sender.name,
        phone_number_id=sender.phone_number_id,
        waba_id=sender.waba_id,
        display_phone_number=sender.display_phone_number,
        access_token_last4=sender.token_last4,
        messages_per_second=sender.messages_per_second,
        portfolio_id=sender.portfolio_id,
        messaging_limit=sender.messaging_limit,
        state=sender.state,
        halted=MISSING if halt is None else show_halt(halt),
        version=sender.version,
        created_at=sender.created_at,
    )
