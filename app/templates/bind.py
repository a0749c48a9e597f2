"""Bind a template to the purposes it may be sent for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, insert

from app.kit.db import Session
from app.kit.errors import FieldError
from app.purposes.errors import PurposeNotSendable, UnknownPurpose
from app.purposes.queries import Purpose, find_purpose
from app.templates.errors import CategoryMismatch
from app.templates.models import template_purposes


async def bind(session: Session, tenant: UUID, template_id: UUID, *, category: str, purposes: Sequence[str]) -> None:
    """Make exactly these purposes the template's.

    Raises UnknownPurpose, PurposeNotSendable, CategoryMismatch; each points at the key in `/purposes`.
    """
    wanted = [await _suited(session, category, index, key) for index, key in enumerate(purposes)]
    mine = (template_purposes.c.tenant_id == tenant, template_purposes.c.template_id == template_id)
    await session.execute(delete(template_purposes).where(*mine))
    ids = {purpose.id for purpose in wanted}
    if ids:
        rows = [{"tenant_id": tenant, "template_id": template_id, "purpose_id": id_} for id_ in sorted(ids)]
        await session.execute(insert(template_purposes), rows)


async def _suited(session: Session, category: str, index: int, key: str) -> Purpose:
    purpose = await find_purpose(session, key)
    if purpose is None:
        wrong: type[UnknownPurpose | PurposeNotSendable | CategoryMismatch] = UnknownPurpose
    elif not purpose.sendable:
        wrong = PurposeNotSendable
    elif category not in purpose.template_categories:
        wrong = CategoryMismatch
    else:
        return purpose
    raise wrong(errors=[FieldError(f"/purposes/{index}", wrong.code, wrong.message())])
