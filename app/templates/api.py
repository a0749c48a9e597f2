"""`/v1/templates`."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import MISSING

from app.kit.errors import NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import encode
from app.purposes.errors import PurposeNotSendable, UnknownPurpose
from app.templates import queries, schemas
from app.templates.change import change_template
from app.templates.content import find_gaps
from app.templates.errors import CategoryMismatch, ReviewNotNeeded, TemplateTaken, VariablesInvalid
from app.templates.promotion import find_promotion
from app.templates.register import register_template
from app.templates.review import review
from app.tenants.door import Transaction, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.name_actor import name_actor
from app.tenants.remember import Repeatable, answer_with, once

router = APIRouter(prefix="/v1/templates", tags=["templates"])

Reading = Annotated[Transaction, reads("templates:read")]
Writing = Annotated[Transaction, writes("templates:write")]

BINDING = (UnknownPurpose, PurposeNotSendable, CategoryMismatch)


@router.post(
    "",
    status_code=201,
    response_model=schemas.Template,
    responses=declares(TemplateTaken, VariablesInvalid, *BINDING),
)
async def create_template(request: Repeatable, tx: Writing, body: schemas.NewTemplate) -> Response:
    """Register a message template and bind it to the purposes it may be sent for."""

    async def work() -> Answer:
        template = await register_template(tx.session, tx.tenant, **body.model_dump(), actor=name_actor(tx.caller))
        return answer_with(201, _shown(template), location=f"/v1/templates/{encode('tpl', template.id)}")

    return await once(tx, request, work)


@router.get("", response_model=schemas.TemplatePage)
async def list_templates(tx: Reading, asked: AskedPage) -> schemas.TemplatePage:
    """List the templates in the order they were registered."""
    page = await list_page(
        tx,
        asked,
        lambda after, limit: queries.list_templates(tx.session, tx.tenant, after=after, limit=limit),
    )
    return schemas.TemplatePage(
        data=[_shown(row) for row in page.rows], next_cursor=page.next_cursor, has_more=page.has_more
    )


@router.get("/{template_id}", response_model=schemas.Template, responses=declares(NotFound))
async def get_template(tx: Reading, template_id: schemas.TemplateId) -> schemas.Template:
    """See one template."""
    return _shown(await queries.get_template(tx.session, tx.tenant, template_id))


@router.patch("/{template_id}", response_model=schemas.Template, responses=declares(NotFound, *BINDING))
async def update_template(
    tx: Writing, template_id: schemas.TemplateId, body: schemas.TemplateChange
) -> schemas.Template:
    """Change a template's status, or the purposes it may be sent for. Its words are what Meta approved."""
    changed = await change_template(
        tx.session, tx.tenant, template_id, **body.model_dump(), actor=name_actor(tx.caller)
    )
    return _shown(changed)


@router.post("/{template_id}/review", response_model=schemas.Template, responses=declares(NotFound, ReviewNotNeeded))
async def record_template_review(
    request: Repeatable, tx: Writing, template_id: schemas.TemplateId, body: schemas.NewTemplateReview
) -> Response:
    """Record what a person decided about a template that sounds like promotion: in their name, and with a reason."""

    async def work() -> Answer:
        template = await review(tx.session, tx.tenant, template_id, **body.model_dump(), actor=name_actor(tx.caller))
        return answer_with(200, _shown(template))

    return await once(tx, request, work)


def _shown(template: queries.Template) -> schemas.Template:
    names = schemas.Template.model_fields.keys() & set(queries.Template.__slots__)
    values = {name: getattr(template, name) for name in names}
    marketing = template.category == "marketing"
    return schemas.Template(
        **{name: list(value) if isinstance(value, tuple) else value for name, value in values.items()},
        findings=[] if marketing else list(find_promotion(template.texts)),
        last_review=_last_review(template),
        gaps=find_gaps(template.texts) if marketing else [],
    )


def _last_review(template: queries.Template) -> Any:
    if template.decision is None:
        return MISSING
    return schemas.TemplateReview.model_validate(
        {
            "decision": template.decision,
            "reviewed_by": template.reviewed_by,
            "reason": template.reason,
            "template_version": template.reviewed_version,
            "reviewed_at": template.reviewed_at,
        }
    )
