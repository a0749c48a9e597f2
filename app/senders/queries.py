"""Reads of this room."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import RowMapping, and_, func, select, text

from app.kit.db import Session
from app.kit.errors import NotFound
from app.senders.models import portfolios, senders

MessagingLimit = Literal["250", "2000", "10000", "100000", "unlimited"]


@dataclass(frozen=True, slots=True)
class Sender:
    """A sender. `token_ct` opens with `token.open_token`.

    `portfolio_id`: the account (waba_id) where none was told. `messaging_limit` is the portfolio's; None: not told.
    """

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
    portfolio_id: str
    messaging_limit: MessagingLimit | None

    @property
    def limited(self) -> bool:
        """The people its portfolio may reach in a day are counted."""
        return self.messaging_limit not in (None, "unlimited")


@dataclass(frozen=True, slots=True)
class LineNow:
    """What a line does now. `held`: a worker drains it. `rate`: messages per second when it was last written down."""

    held: bool
    rate: float | None
    rate_age_s: float | None


_portfolio = func.coalesce(senders.c.portfolio_id, senders.c.waba_id)
_OWN = [name for name in Sender.__slots__ if name not in ("portfolio_id", "messaging_limit")]
_shown = select(
    *(senders.c[name] for name in _OWN), _portfolio.label("portfolio_id"), portfolios.c.messaging_limit
).select_from(
    senders.outerjoin(
        portfolios, and_(portfolios.c.tenant_id == senders.c.tenant_id, portfolios.c.portfolio_id == _portfolio)
    )
)
_line = text(
    """
SELECT lease_until > clock_timestamp() AS held, rate,
       extract(epoch FROM clock_timestamp() - rate_at)::double precision AS rate_age_s
  FROM sender_lines WHERE tenant_id = :tenant AND sender_id = :sender
"""
)


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


async def get_line(session: Session, tenant: UUID, sender_id: UUID) -> LineNow:
    """What the sender's line does now."""
    row = (await session.execute(_line, {"tenant": tenant, "sender": sender_id})).mappings().one()
    return LineNow(**row)


async def list_senders(session: Session, tenant: UUID, *, after: UUID | None, limit: int) -> list[Sender]:
    """The tenant's senders in the order they were registered."""
    wanted = _shown.where(senders.c.tenant_id == tenant).order_by(senders.c.id).limit(limit)
    if after is not None:
        wanted = wanted.where(senders.c.id > after)
    return [_sender(row) for row in (await session.execute(wanted)).mappings()]


def _sender(row: RowMapping) -> Sender:
    return Sender(**row)
