"""Change a template: what Meta says of it now, or what it may be sent for."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from app.audit.record import record
from app.kit.db import Session
from app.kit.ids import encode
from app.templates.bind import bind
from app.templates.models import templates
from app.templates.queries import Template, get_template
from app.templates.review import lint_anew


async def change_template(
    session: Session,
    tenant: UUID,
    template_id: UUID,
    *,
    status: str | None = None,
    purposes: Sequence[str] | None = None,
    actor: str,
) -> Template:
    """Change what is named (None stays as it is), and count the version up.

    Raises NotFound, and what `bind` raises. Words, language and category are what Meta approved: they do
    not change.
    """
    mine = (templates.c.tenant_id == tenant, templates.c.id == template_id)
    # The row is held first: of two changes the second sees what the first bound.
    await session.execute(select(templates.c.id).where(*mine).with_for_update())
    template = await get_template(session, tenant, template_id)
    detail: dict[str, Any] = {}
    if status is not None:
        detail["status"] = status
    if purposes is not None:
        await bind(session, tenant, template_id, category=template.category, purposes=purposes)
        detail["purposes"] = sorted(set(purposes))
        # Whoever cleared the text did so for what it was bound to then: a new binding asks again.
        if set(purposes) - set(template.purposes):
            await lint_anew(session, tenant, template)
    if not detail:
        return template
    changed = (
        update(templates)
        .where(*mine)
        .values(
            status=status or template.status,
            version=templates.c.version + 1,
            updated_at=func.clock_timestamp(),
        )
    )
    await session.execute(changed)
    object_id = encode("tpl", template_id)
    await record(session, tenant, action="template.changed", actor=actor, object_id=object_id, detail=detail)
    return await get_template(session, tenant, template_id)
