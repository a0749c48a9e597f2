"""Define a word behind DUR that stops one purpose only; and take it back."""

from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from app.audit.record import record
from app.inbound.errors import StopCodeTaken, StopCodeUnusable
from app.inbound.models import stop_codes
from app.inbound.queries import StopCode, get_stop_code
from app.kit.db import Session
from app.kit.errors import FieldError
from app.kit.ids import encode, new_id
from app.optins.keywords import find_stop_code, is_stop
from app.purposes.queries import get_purpose


async def define_code(session: Session, tenant: UUID, *, code: str, purpose: str, actor: str) -> StopCode:
    """Keep the word, folded as people's messages are. Raises StopCodeUnusable, StopCodeTaken, UnknownPurpose."""
    read = find_stop_code(f"dur {code}")
    found = await get_purpose(session, purpose)
    if read is None or is_stop(f"dur {code}") or is_stop(code) or not found.needs_consent:
        raise StopCodeUnusable(errors=[FieldError("/code", StopCodeUnusable.code, StopCodeUnusable.message())])
    code_id = new_id()
    kept = await session.execute(
        insert(stop_codes)
        .values(id=code_id, tenant_id=tenant, code=read[1], purpose_id=found.id)
        .on_conflict_do_nothing(index_elements=["tenant_id", "code"])
    )
    if not kept.rowcount:
        raise StopCodeTaken
    object_id = encode("stc", code_id)
    await record(
        session, tenant, action="stop_code.defined", actor=actor, object_id=object_id, detail={"purpose": purpose}
    )
    return await get_stop_code(session, tenant, code_id)


async def remove_code(session: Session, tenant: UUID, code_id: UUID, *, actor: str) -> None:
    """Forget the word: from now on a message with it is read by a human. Raises NotFound."""
    await get_stop_code(session, tenant, code_id)
    table = stop_codes.c
    await session.execute(delete(stop_codes).where(table.tenant_id == tenant, table.id == code_id))
    await record(session, tenant, action="stop_code.removed", actor=actor, object_id=encode("stc", code_id))
