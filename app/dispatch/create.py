"""Make a batch: the refusals on the level of the call are decided here, before a single row is read."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text

from app.dispatch.errors import (
    DeliveryPolicyNotAllowed,
    ExpiryInvalid,
    SenderPaused,
    TemplateNeedsReview,
    TemplateNotApproved,
    TemplateNotBound,
    UnknownSender,
    UnknownTemplate,
    VariablesNotAllowed,
)
from app.dispatch.flow.enqueue import Place
from app.dispatch.queries import find_batch
from app.dispatch.take_in import Target
from app.kit.clock import utc_now
from app.kit.db import Session
from app.kit.errors import FieldError, TopluError
from app.kit.ids import new_id
from app.kit.sql import sql_beside
from app.purposes.errors import PurposeNotSendable
from app.purposes.queries import Purpose, get_purpose
from app.templates.queries import get_template
from app.templates.review import lint_anew

_create = sql_beside(__file__)
_sender = text("SELECT id, state FROM senders_v1 WHERE tenant_id = :tenant AND id = :sender")
_template = text(
    "SELECT id, status, version, parameter_format, variables, purpose_ids, review FROM templates_v1"
    " WHERE tenant_id = :tenant AND name = :name AND language = :language"
)
_others = text(
    "SELECT NOT CAST(:asked AS text[]) <@ v.variables FROM purpose_variables_v1 AS v"
    " WHERE v.tenant_id = :tenant AND v.purpose_id = :purpose"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A batch as it was asked for."""

    sender: UUID
    template_name: str
    template_language: str
    purpose: str
    on_invalid: str = "reject"
    send_at: datetime | None = None
    expires_at: datetime | None = None
    reference: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    delivery_policy: str | None = None  # None: the purpose's own
    error_rate: float | None = 0.5  # None: go on, whatever fails
    error_sample: int = 100
    start_late: str = "pause"


async def create(session: Session, tenant: UUID, wanted: Wanted) -> UUID:
    """Make a draft and return its id.

    Raises UnknownSender, SenderPaused, UnknownPurpose, PurposeNotSendable, UnknownTemplate, TemplateNotApproved,
    TemplateNotBound, TemplateNeedsReview, VariablesNotAllowed, DeliveryPolicyNotAllowed, ExpiryInvalid: nothing was
    accepted then.
    """
    _check_times(wanted)
    purpose = await get_purpose(session, wanted.purpose)
    if not purpose.sendable or not purpose.active:
        raise PurposeNotSendable(errors=[_at("/purpose", PurposeNotSendable)])
    policy = _policy_of(wanted, purpose)
    await _check_sender(session, tenant, wanted.sender)
    named = {"tenant": tenant, "name": wanted.template_name, "language": wanted.template_language}
    template = (await session.execute(_template, named)).one_or_none()
    if template is None:
        raise UnknownTemplate(errors=[_at("/template", UnknownTemplate)])
    if template.status != "approved":
        raise TemplateNotApproved(errors=[_at("/template", TemplateNotApproved)])
    if purpose.id not in template.purpose_ids:
        raise TemplateNotBound(errors=[_at("/purpose", TemplateNotBound)])
    await _check_words(session, tenant, template, purpose.id)
    batch = new_id()
    await session.execute(
        _create,
        {
            "id": batch,
            "tenant": tenant,
            "sender": wanted.sender,
            "template": template.id,
            "template_version": template.version,
            "template_name": wanted.template_name,
            "template_language": wanted.template_language,
            "parameter_format": template.parameter_format,
            "variables": list(template.variables),
            "purpose": purpose.id,
            "purpose_version": purpose.version,
            "delivery_policy": policy,
            "on_invalid": wanted.on_invalid,
            "send_at": wanted.send_at,
            "expires_at": wanted.expires_at,
            "reference": wanted.reference,
            "metadata": msgspec.json.encode(wanted.metadata).decode(),
            "error_rate": wanted.error_rate,
            "error_sample": wanted.error_sample,
            "start_late": wanted.start_late,
        },
    )
    return batch


async def _check_sender(session: Session, tenant: UUID, sender_id: UUID) -> None:
    sender = (await session.execute(_sender, {"tenant": tenant, "sender": sender_id})).one_or_none()
    if sender is None:
        raise UnknownSender(errors=[_at("/sender", UnknownSender)])
    if sender.state != "active":
        raise SenderPaused(errors=[_at("/sender", SenderPaused)])


def _policy_of(wanted: Wanted, purpose: Purpose) -> str:
    """What is done about a lost answer: as the caller asks, else as the purpose does."""
    policy = wanted.delivery_policy or purpose.delivery_policy
    if policy == "at_least_once" and purpose.class_ == "marketing":
        raise DeliveryPolicyNotAllowed(errors=[_at("/delivery_policy", DeliveryPolicyNotAllowed)])
    return policy


async def _check_words(session: Session, tenant: UUID, template: Row[Any], purpose_id: int) -> None:
    """A text that sounds like promotion needs a person; a variable that the purpose does not need stays out."""
    review = template.review
    if review == "not_linted":
        review = await lint_anew(session, tenant, await get_template(session, tenant, template.id))
    if review in {"needs_review", "rejected"}:
        raise TemplateNeedsReview(errors=[_at("/template", TemplateNeedsReview)])
    named = {"tenant": tenant, "purpose": purpose_id, "asked": list(template.variables)}
    if await session.scalar(_others, named):
        raise VariablesNotAllowed(errors=[_at("/template", VariablesNotAllowed)])


def _check_times(wanted: Wanted) -> None:
    now = utc_now()
    if wanted.send_at is not None and wanted.send_at <= now:
        raise ExpiryInvalid(errors=[_at("/send_at", ExpiryInvalid)])
    if wanted.expires_at is not None and wanted.expires_at <= (wanted.send_at or now):
        raise ExpiryInvalid(errors=[_at("/expires_at", ExpiryInvalid)])


def _at(pointer: str, error: type[TopluError]) -> FieldError:
    return FieldError(pointer, error.code, error.message())


async def aim(session: Session, tenant: UUID, batch: UUID, upload: UUID, api_key: UUID) -> Target:
    """What the rows of one upload into this batch must fit."""
    row = await find_batch(session, tenant, batch)
    assert row is not None
    place = Place(tenant, batch, upload, row.sender_id, row.purpose_id)
    return Target(place, tuple(row.variables), row.legal_basis != "kvkk_5_1", api_key)
