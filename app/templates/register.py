"""Register a template that Meta has, or will have, approved."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as upsert

from app.audit.record import record
from app.kit.db import Session
from app.kit.ids import encode, new_id
from app.templates.bind import bind
from app.templates.errors import TemplateTaken
from app.templates.models import templates
from app.templates.queries import Template, get_template
from app.templates.review import judge
from app.templates.variables import read_variables, refuse_variables


async def register_template(
    session: Session,
    tenant: UUID,
    *,
    name: str,
    language: str,
    category: str,
    body: str,
    purposes: Sequence[str],
    status: str = "pending",
    header: str | None = None,
    footer: str | None = None,
    buttons: Sequence[str] = (),
    actor: str,
) -> Template:
    """Keep the template with the variables its body asks for, bound to `purposes` (keys).

    Header, footer and buttons are kept as they stand, to be read by the linter. Raises VariablesInvalid (also for a
    variable outside the body), TemplateTaken, and what `bind` raises.
    """
    variables = read_variables(body)
    refuse_variables({"/header": header, "/footer": footer} | {f"/buttons/{n}": b for n, b in enumerate(buttons)})
    template_id = new_id()
    row = {
        "id": template_id,
        "tenant_id": tenant,
        "name": name,
        "language": language,
        "category": category,
        "status": status,
        "parameter_format": variables.parameter_format,
        "body": body,
        "variables": list(variables.names),
        "header": header,
        "footer": footer,
        "buttons": list(buttons),
        "review": judge(category, [said for said in (header, body, footer, *buttons) if said]),
    }
    kept = await session.execute(
        upsert(templates).values(row).on_conflict_do_nothing(index_elements=["tenant_id", "name", "language"])
    )
    if not kept.rowcount:
        raise TemplateTaken
    await bind(session, tenant, template_id, category=category, purposes=purposes)
    detail = {"status": status, "purposes": sorted(set(purposes))}
    object_id = encode("tpl", template_id)
    await record(session, tenant, action="template.registered", actor=actor, object_id=object_id, detail=detail)
    return await get_template(session, tenant, template_id)
