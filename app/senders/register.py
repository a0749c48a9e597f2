"""Register a sender, and give it a line."""

from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert

from app.audit.record import record
from app.kit.db import Session
from app.kit.ids import encode, new_id
from app.runtime import Runtime
from app.senders.errors import SenderTaken
from app.senders.models import sender_lines, senders
from app.senders.queries import Sender, get_sender
from app.senders.set_limit import set_limit
from app.senders.token import seal_token


async def register_sender(
    run: Runtime,
    session: Session,
    tenant: UUID,
    *,
    name: str,
    phone_number_id: str,
    waba_id: str,
    display_phone_number: str,
    access_token: str,
    messages_per_second: int = 80,
    portfolio_id: str | None = None,
    messaging_limit: str | None = None,
    actor: str,
) -> Sender:
    """Keep the number, its token sealed, and make its line. `messages_per_second` is what Meta allows the
    number.

    Raises SenderTaken when the number is registered already, also by another tenant.
    """
    sender_id = new_id()
    row = {
        "id": sender_id,
        "tenant_id": tenant,
        "name": name,
        "phone_number_id": phone_number_id,
        "waba_id": waba_id,
        "display_phone_number": display_phone_number,
        "token_ct": seal_token(run, access_token, sender_id),
        "token_last4": access_token[-4:],
        "messages_per_second": messages_per_second,
        "portfolio_id": portfolio_id,
    }
    if messaging_limit is not None:
        await set_limit(session, tenant, portfolio_id or waba_id, messaging_limit)
    # Row-level security hides another tenant's number from a SELECT, but not from its unique index.
    kept = await session.execute(upsert(senders).values(row).on_conflict_do_nothing(index_elements=["phone_number_id"]))
    if not kept.rowcount:
        raise SenderTaken
    await session.execute(insert(sender_lines).values(sender_id=sender_id, tenant_id=tenant))
    await record(session, tenant, action="sender.registered", actor=actor, object_id=encode("snd", sender_id))
    return await get_sender(session, tenant, sender_id)
