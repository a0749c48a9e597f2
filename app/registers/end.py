"""End an entry of a register: it stays, with its reason, and is no longer true."""

from uuid import UUID

from sqlalchemy import func, update

from app.audit.record import record
from app.kit.db import Session
from app.kit.ids import encode
from app.registers.describe import INCIDENTS, Register
from app.registers.errors import EntryBuiltIn, EntryEnded, IncidentUnreported
from app.registers.queries import Entry, get_entry


async def end(session: Session, tenant: UUID, register: Register, entry_id: UUID, *, reason: str, actor: str) -> Entry:
    """End it now. Raises NotFound, EntryEnded, EntryBuiltIn, IncidentUnreported."""
    entry = await get_entry(session, tenant, register, entry_id, lock=True)
    if entry.values["ended_at"] is not None:
        raise EntryEnded
    if entry.values.get("built_in") is not None:
        raise EntryBuiltIn
    if register is INCIDENTS and entry.values["personal_data"] and entry.values["notified_board_at"] is None:
        raise IncidentUnreported
    table = register.table
    await session.execute(
        update(table)
        .where(table.c.tenant_id == tenant, table.c.id == entry_id)
        .values(
            ended_at=func.clock_timestamp(),
            end_reason=reason,
            version=table.c.version + 1,
            updated_at=func.clock_timestamp(),
        )
    )
    object_id = encode(register.prefix, entry_id)
    await record(session, tenant, action=f"{register.one}.ended", actor=actor, object_id=object_id)
    return await get_entry(session, tenant, register, entry_id)
