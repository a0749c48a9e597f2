"""Change an entry of a register."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import func, update

from app.audit.record import record
from app.kit.clock import utc_now
from app.kit.db import Session
from app.kit.ids import encode
from app.registers.describe import Register
from app.registers.enter import check_purposes
from app.registers.errors import EntryEnded
from app.registers.queries import Entry, get_entry
from app.registers.tell_change import tell_change


async def change(
    session: Session, tenant: UUID, register: Register, entry_id: UUID, *, given: Mapping[str, Any], actor: str
) -> Entry:
    """Change what is given, by column, and count the version up; what is the same already changes nothing.

    Raises NotFound, EntryEnded, Invalid with pointers, and what the register's judge raises.
    """
    entry = await get_entry(session, tenant, register, entry_id, lock=True)
    if entry.values["ended_at"] is not None:
        raise EntryEnded
    values = {**given, **register.judge({**entry.values, **given}, utc_now())}
    await check_purposes(session, given)
    fresh = {name: value for name, value in values.items() if value != entry.values[name]}
    if not fresh:
        return entry
    table = register.table
    await session.execute(
        update(table)
        .where(table.c.tenant_id == tenant, table.c.id == entry_id)
        .values(**fresh, version=table.c.version + 1, updated_at=func.clock_timestamp())
    )
    await record(
        session,
        tenant,
        action=f"{register.one}.changed",
        actor=actor,
        object_id=encode(register.prefix, entry_id),
        detail=tell_change(register, entry.values, fresh),
    )
    return await get_entry(session, tenant, register, entry_id)
