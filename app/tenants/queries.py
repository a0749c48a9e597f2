"""Reads of this room."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, text

from app.kit.db import Database, Session
from app.kit.errors import NotFound
from app.tenants.models import api_keys


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it may be shown: without its secret."""

    id: UUID
    public_id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


_shown = select(
    api_keys.c.id,
    api_keys.c.public_id,
    api_keys.c.name,
    api_keys.c.scopes,
    api_keys.c.created_at,
    api_keys.c.expires_at,
    api_keys.c.revoked_at,
)


_every_tenant = text("SELECT tenant_id FROM every_tenant_v1()")


async def list_every_tenant(db: Database) -> list[UUID]:
    """The ids of all tenants, for rounds that every tenant gets. As the worker only."""
    async with db.begin() as session:
        return list((await session.execute(_every_tenant)).scalars())


async def get_key(session: Session, tenant: UUID, key_id: UUID) -> ApiKey:
    """One key of the tenant. Raises NotFound."""
    found = await session.execute(_shown.where(api_keys.c.tenant_id == tenant, api_keys.c.id == key_id))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound
    return _key(row)


async def list_keys(session: Session, tenant: UUID, *, after: UUID | None, limit: int) -> list[ApiKey]:
    """The tenant's keys in the order they were issued, revoked ones too."""
    wanted = _shown.where(api_keys.c.tenant_id == tenant).order_by(api_keys.c.id).limit(limit)
    if after is not None:
        wanted = wanted.where(api_keys.c.id > after)
    return [_key(row) for row in (await session.execute(wanted)).mappings()]


def _key(row: RowMapping) -> ApiKey:
    values: dict[str, Any] = dict(row)
    return ApiKey(**values | {"scopes": tuple(row["scopes"])})
