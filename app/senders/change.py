"""Change a sender."""

from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import update

from app.audit.record import record
from app.kit.db import Session
from app.kit.ids import encode
from app.runtime import Runtime
from app.senders.halt import resume_line
from app.senders.models import senders
from app.senders.queries import MessagingLimit, Sender, get_sender
from app.senders.set_limit import set_limit
from app.senders.token import seal_token


@dataclass(frozen=True, slots=True)
class SenderChange:
    """What shall be different; None leaves it as it is."""

    name: str | None = None
    access_token: str | None = field(default=None, repr=False)
    messages_per_second: int | None = None
    portfolio_id: str | None = None
    messaging_limit: MessagingLimit | None = None
    state: Literal["active", "paused"] | None = None


async def change_sender(
    run: Runtime, session: Session, tenant: UUID, *, sender_id: UUID, change: SenderChange, actor: str
) -> Sender:
    """Change what is named, and count the version up. Raises NotFound.

    The audit says which fields changed, never their values.
    """
    before = await get_sender(session, tenant, sender_id)
    values = _values(run, sender_id, change)
    if change.messaging_limit is not None:
        await set_limit(session, tenant, change.portfolio_id or before.portfolio_id, change.messaging_limit)
    if values or change.messaging_limit is not None:
        fields = values.keys() - {"token_last4"} | ({"messaging_limit"} if change.messaging_limit else set())
        await session.execute(
            update(senders)
            .where(senders.c.tenant_id == tenant, senders.c.id == sender_id)
            .values(**values, version=senders.c.version + 1)
        )
        if change.access_token is not None or change.state == "active":
            await resume_line(session, tenant, sender_id)
        await record(
            session,
            tenant,
            action="sender.changed",
            actor=actor,
            object_id=encode("snd", sender_id),
            detail={"fields": sorted(fields)},
        )
    return await get_sender(session, tenant, sender_id)


def _values(run: Runtime, sender_id: UUID, change: SenderChange) -> dict[str, Any]:
    named = {
        "name": change.name,
        "messages_per_second": change.messages_per_second,
        "portfolio_id": change.portfolio_id,
        "state": change.state,
    }
    values: dict[str, Any] = {column: value for column, value in named.items() if value is not None}
    if change.access_token is not None:
        values["token_ct"] = seal_token(run, change.access_token, sender_id)
        values["token_last4"] = change.access_token[-4:]
    return values
