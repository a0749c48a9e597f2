"""Enter something into a register."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import insert

from app.audit.record import record
from app.kit.clock import utc_now
from app.kit.db import Session
from app.kit.errors import FieldError, Invalid
from app.kit.ids import encode, new_id
from app.registers.describe import Register
from app.registers.queries import Entry, find_unknown_purposes, get_entry
from app.registers.tell_change import tell_change


async def enter(session: Session, tenant: UUID, register: Register, given: Mapping[str, Any], *, actor: str) -> Entry:
    """Keep what was given, by column. Raises Invalid with pointers, and what the register's judge raises."""
    entry_id = new_id()
    values = {
        **given,
        **register.judge({column.name: given.get(column.name) for column in register.table.c}, utc_now()),
    }
    await check_purposes(session, given)
    await session.execute(insert(register.table).values(id=entry_id, tenant_id=tenant, **values))
    await record(
        session,
        tenant,
        action=f"{register.one}.entered",
        actor=actor,
        object_id=encode(register.prefix, entry_id),
        detail=tell_change(register, {}, values),
    )
    return await get_entry(session, tenant, register, entry_id)


async def check_purposes(session: Session, given: Mapping[str, Any]) -> None:
    """Raises Invalid, pointing at each key that no purpose has."""
    unknown = await find_unknown_purposes(session, given.get("purposes") or [])
    if unknown:
        raise Invalid(
            errors=[
                FieldError(f"/purposes/{place}", "unknown_purpose", "No purpose has this key.") for place in unknown
            ]
        )
