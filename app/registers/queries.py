"""Reads of this room. An entry is a row: column to value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from app.kit.db import Session
from app.kit.errors import NotFound
from app.registers.describe import Register


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a register."""

    id: UUID
    values: dict[str, Any]


_known_purposes = text("SELECT key FROM purposes_v1 WHERE key = ANY (:keys)")


async def get_entry(session: Session, tenant: UUID, register: Register, entry_id: UUID, *, lock: bool = False) -> Entry:
    """One entry of the tenant, held until the transaction ends when `lock`. Raises NotFound."""
    table = register.table
    wanted = select(table).where(table.c.tenant_id == tenant, table.c.id == entry_id)
    found = await session.execute(wanted.with_for_update() if lock else wanted)
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound
    return Entry(row["id"], dict(row))


async def list_entries(
    session: Session, tenant: UUID, register: Register, *, after: UUID | None, limit: int
) -> list[Entry]:
    """The tenant's entries in the order they were entered, ended ones too."""
    table = register.table
    wanted = select(table).where(table.c.tenant_id == tenant).order_by(table.c.id).limit(limit)
    if after is not None:
        wanted = wanted.where(table.c.id > after)
    return [Entry(row["id"], dict(row)) for row in (await session.execute(wanted)).mappings()]


async def find_unknown_purposes(session: Session, keys: Sequence[str]) -> list[int]:
    """The places of keys that no purpose has."""
    if not keys:
        return []
    known = set((await session.execute(_known_purposes, {"keys": list(keys)})).scalars())
    return [place for place, key in enumerate(keys) if key not in known]
