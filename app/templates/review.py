"""A person looks at a template that the linter stopped, and decides: in their name, and with a reason."""

from typing import Literal
from uuid import UUID

from sqlalchemy import insert, select, update

from app.audit.record import record
from app.kit.db import Session
from app.kit.ids import encode, new_id
from app.templates.errors import ReviewNotNeeded
from app.templates.models import template_reviews, templates
from app.templates.promotion import find_promotion
from app.templates.queries import Template, get_template

Decision = Literal["cleared", "rejected"]


def judge(category: str, texts: list[str]) -> str:
    """Whether somebody has to look: a template that is no marketing and sounds like it. Pure."""
    return "needs_review" if category != "marketing" and find_promotion(texts) else "not_needed"


async def review(
    session: Session, tenant: UUID, template_id: UUID, *, decision: Decision, reviewed_by: str, reason: str, actor: str
) -> Template:
    """Keep the decision beside the version it was made about; a later one replaces it and erases nothing.

    Raises NotFound, ReviewNotNeeded for a text in which the linter found nothing.
    """
    mine = (templates.c.tenant_id == tenant, templates.c.id == template_id)
    await session.execute(select(templates.c.id).where(*mine).with_for_update())
    template = await get_template(session, tenant, template_id)
    if template.review == "not_linted":
        await lint_anew(session, tenant, template)
        template = await get_template(session, tenant, template_id)
    if template.review == "not_needed":
        raise ReviewNotNeeded
    await session.execute(update(templates).where(*mine).values(review=decision))
    row = {
        "id": new_id(),
        "tenant_id": tenant,
        "template_id": template_id,
        "template_version": template.version,
        "decision": decision,
        "reviewed_by": reviewed_by,
        "reason": reason,
    }
    await session.execute(insert(template_reviews).values(row))
    detail = {"decision": decision, "version": template.version, "findings": list(find_promotion(template.texts))}
    object_id = encode("tpl", template_id)
    await record(session, tenant, action="template.reviewed", actor=actor, object_id=object_id, detail=detail)
    return await get_template(session, tenant, template_id)


async def lint_anew(session: Session, tenant: UUID, template: Template) -> str:
    """Read the text again, and say whether somebody has to look at it (again). Returns what stands now."""
    found = judge(template.category, template.texts)
    mine = (templates.c.tenant_id == tenant, templates.c.id == template.id)
    await session.execute(update(templates).where(*mine).values(review=found))
    return found
