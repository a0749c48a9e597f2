"""Reads of this room."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import RowMapping, select

from app.kit.db import Session
from app.kit.errors import NotFound
from app.senders.models import senders


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender. `token_ct` opens with `token.open_token`."""

    id: UUID
    name: str
    phone_number_id: str
    waba_id: str
    display_phone_number: str
    token_ct: bytes = field(repr=False)
    token_last4: str
    messages_per_second: int
    state: Literal["active", "paused"]
    created_at: datetime
    version: int


_shown = select(*(senders.c[name] for name in Sender.__slots__))


async def find_sender(session: Session, tenant: UUID, sender_id: UUID) -> Sender | None:
    """One sender of the tenant, or None."""
    found = await session.execute(_shown.where(senders.c.tenant_id == tenant, senders.c.id == sender_id))
    row = found.mappings().one_or_none()
    return None if row is None else _sender(row)


async def get_sender(session: Session, tenant: UUID, sender_id: UUID) -> Sender:
    """One sender of the tenant. Raises NotFound."""
    found = await find_sender(session, tenant, sender_id)
    if found is None:
        raise NotFound
    return found


async def list_senders(session: Session, tenant: UUID, *, after: UUID | None, limit: int) -> list[Sender]:
    """The tenant's senders in the order they were registered."""
    wanted = _shown.where(senders.c.tenant_id == tenant).order_by(senders.c.id).limit(limit)
    if after is not None:
        wanted = wanted.where(senders.c.id > after)
    return [_sender(row) for row in (await session.execute(wanted)).mappings()]


def _sender(row: RowMapping) -> Sender:
    return Sender(**row)
