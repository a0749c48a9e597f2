"""Later news from WhatsApp: sent, delivered, read, failed. Only ever climbs, and never causes a send."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.dispatch.held import wamid_hash
from app.kit.db import Session, plan_each
from app.kit.sql import sql_beside
from app.runtime import TenantKeys

_land = sql_beside(__file__, "land")
_settle = sql_beside(__file__)

FEW = 30  # of these each may be compared with each; planning for them would take longer


@dataclass(frozen=True, slots=True)
class News:
    """One status of one of our messages, as WhatsApp told it. `message` is the id it echoed."""

    message: UUID
    kind: str
    provider_at: datetime
    meta_code: int | None
    wamid: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """A status as it is kept. The same status told twice has the same `dedupe`, however deliveries were grouped."""

    message: UUID
    kind: str
    provider_at: datetime
    meta_code: int | None
    wamid_hash: UUID | None
    dedupe: UUID


@dataclass(frozen=True, slots=True)
class Settled:
    """`fresh` statuses were new, `parked` belong to no known message (yet), `resolved` ended an uncertainty."""

    fresh: int
    parked: int
    resolved: int


async def settle(session: Session, tenant: UUID, keys: TenantKeys, news: Sequence[News]) -> Settled:
    """Apply a set of statuses, in any order, any number of times."""
    return await settle_told(session, tenant, [told_of(keys, one) for one in news])


def told_of(keys: TenantKeys, one: News) -> Told:
    """The status as it is kept."""
    hashed = wamid_hash(keys, one.wamid)
    told = f"{hashed}|{one.kind}|{one.provider_at.timestamp():.0f}|{one.meta_code}"
    dedupe = UUID(bytes=hashlib.sha256(told.encode()).digest()[:16])
    return Told(one.message, one.kind, one.provider_at, one.meta_code, hashed, dedupe)


async def settle_told(session: Session, tenant: UUID, told: Sequence[Told]) -> Settled:
    """Apply statuses as they are kept: fresh ones, or ones that had to wait for their message."""
    if not told:
        return Settled(0, 0, 0)
    ids = [one.message for one in told]
    if len(told) > FEW:
        await plan_each(session)  # 50 us of PostgreSQL a status, 180 otherwise (sets of 1,000, 2026-11)
    await session.execute(_land, {"tenant": tenant, "ids": ids})
    row = (
        await session.execute(
            _settle,
            {
                "tenant": tenant,
                "ids": ids,
                "kinds": [one.kind for one in told],
                "provider_ats": [one.provider_at for one in told],
                "codes": [one.meta_code for one in told],
                "wamid_hashes": [one.wamid_hash for one in told],
                "dedupes": [one.dedupe for one in told],
            },
        )
    ).one()
    return Settled(row.fresh, row.parked, row.resolved)
