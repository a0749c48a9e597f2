"""Rows as bodies: what a caller sees of a batch and of a message, and the answer to "why?"."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic import MISSING
from sqlalchemy import Row

from app.dispatch.find_wait import Wait
from app.dispatch.life_schemas import ErrorPolicy, Waiting
from app.dispatch.schemas import Batch, Evidence, Message, RefusedRow, TemplateName
from app.dispatch.take_in import RowProblem
from app.kit.http.moments import show

DEFAULT_RATE = 0.5  # shown where none is in force
_STATES = {
    "queued": "It waits in the queue; the gate is asked again before it is sent.",
    "sending": "It is on its way to WhatsApp right now.",
    "sent": "WhatsApp accepted it. What it cannot deliver in the template's time to live it drops without a word.",
    "delivered": "It was delivered.",
    "read": "It was delivered and read.",
    "expired": "It was still queued when its time was over, so it was never attempted.",
    "cancelled": "Its batch was cancelled while it was still queued.",
}
_UNCERTAIN = {
    "lease_over": "the worker that posted it was gone before it could write down the answer",
    "meta_unsure": "WhatsApp answered with an error that does not say whether it took the message",
    "read_timeout": "no answer came in time",
    "deadline": "no answer came in time",
    "connection_lost": "the connection was lost before an answer came",
}
# What WhatsApp's commonest codes mean for whoever reads this (Meta, error codes, 2026-09).
_CODES = {
    130472: "the person is part of an experiment of WhatsApp and gets no marketing message",
    131026: "WhatsApp cannot deliver to this number: it may not be on WhatsApp",
    131047: "24 hours have passed since the person last wrote, so only a template may be sent",
    131049: "WhatsApp kept it back, because the person gets enough marketing messages",
    131050: "the person stopped marketing messages from this business in WhatsApp",
    132000: "the number of values does not fit the template",
    132001: "WhatsApp does not know this template in this language",
    132015: "WhatsApp has paused the template",
    132016: "WhatsApp has disabled the template",
}
_FAILED = {
    "unknown": "WhatsApp refused it with a code that we do not know",
    "told_by_webhook": "WhatsApp took it, and said later that it could not be delivered",
    "attempts_used_up": "WhatsApp said later as often as that may be tried",
    "unbuildable": "it cannot be built from what is stored",
    "quarantined": "the database refuses to hand it out",
}
_WAITS = {
    "quiet_hours": "these are quiet hours",
    "portfolio_limit": "the account has reached as many people as it may in 24 hours",
    "frequency_cap": "the person has had as many marketing messages as one may get",
    "engagement_hold": "WhatsApp wants the person to get no marketing for a day",
    "lost_answer": "it was posted and no answer came, and its batch asked for at least once, so it is posted again",
    "template_paused": "WhatsApp has paused its template",
}
_REFUSALS = {
    "invalid_row": "the row could not be read",
    "invalid_number": "the number cannot be a phone number",
    "duplicate": "the person is in this batch already",
    "variables_mismatch": "the values do not fit the template",
    "unknown_person": "nobody is known under this number, so there is no consent and no other basis",
    "no_basis": "there is no assertion of a contract, order or law for this purpose",
    "consent_not_given": "the person did not agree to this purpose",
    "consent_withdrawn": "the person withdrew their agreement",
    "consent_invalidated": "the number was closed or has another holder since, and what was agreed on it ended",
    "consent_expired": "the agreement is over, or older than this purpose lets it be",
    "line_closed": "the number it was meant for is not this person's any more",
    "notice_stale": "the notice the person was shown has changed in substance since",
    "suppressed": "messages of this kind to this person are stopped",
    "objected": "the person objected",
}


def born(id_: UUID) -> datetime:
    """The moment in a UUIDv7, in UTC with milliseconds."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, UTC)


def show_batch(
    row: Row[Any],
    counts: dict[str, int],
    refusals: dict[str, int],
    refused: Sequence[RowProblem] | None = None,
    wait: Wait | None = None,
) -> Batch:
    """A batch with its counters; `refused` only where recipients came in the same call, `wait` where it was asked."""
    return Batch(
        id=row.id,
        state=row.state,
        state_reason=row.state_reason,
        waiting=_waiting(row) if wait is None else show_wait(wait),
        sender=row.sender_id,
        template=TemplateName(name=row.template_name, language=row.template_language),
        purpose=row.purpose,
        on_invalid=row.on_invalid,
        delivery_policy=row.delivery_policy,
        error_policy=ErrorPolicy(
            on_errors="go_on" if row.error_rate is None else "pause",
            rate=DEFAULT_RATE if row.error_rate is None else round(row.error_rate, 6),
            sample=row.error_sample,
        ),
        start_late=row.start_late,
        unknown_codes=list(row.unknown_codes) or MISSING,
        total=row.total,
        counts=counts,
        refusals=refusals,
        first_refusals=MISSING if refused is None else show_refused(refused),
        created_at=born(row.id),
        send_at=row.send_at,
        started_at=row.started_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        reference=row.reference,
        metadata=row.metadata,
    )


def show_refused(refused: Sequence[RowProblem]) -> list[RefusedRow]:
    """Refused rows by place and reason."""
    return [RefusedRow(row=one.row_number, reason=one.reason, field=one.field, kind=one.kind) for one in refused]


def show_message(row: Row[Any]) -> Message:
    """A message, with the evidence that allowed it where something did."""
    allowed = row.consent_event_id is not None or row.basis_event_id is not None
    evidence = Evidence(
        legal_basis=row.legal_basis,
        purpose_version=row.purpose_version,
        consent_event=row.consent_event_id,
        approval_event=row.approval_event_id,
        basis_event=row.basis_event_id,
        notice_version=row.notice_version_id,
    )
    return Message(
        id=row.id,
        batch=row.batch_id,
        upload=row.upload_id,
        row=row.row_number,
        state=row.state,
        reason=row.reason,
        reason_detail=row.reason_detail,
        why=_why(row),
        waiting=_waiting(row),
        meta_code=row.meta_code,
        purpose=row.purpose,
        template=TemplateName(name=row.template_name, language=row.template_language),
        template_version=row.template_version,
        person=row.person_id,
        reference=row.reference,
        attempts=row.attempts or 0,
        evidence=evidence if allowed else MISSING,
        suppression_event=row.suppression_event_id,
        accepted_at=born(row.id),
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        read_at=row.read_at,
        failed_at=row.failed_at,
    )


def show_wait(wait: Wait) -> Waiting:
    """What a batch waits for."""
    return Waiting(reason=wait.reason, until=MISSING if wait.until is None else wait.until)


def _waiting(row: Row[Any]) -> Any:
    return MISSING if row.waiting_for is None else Waiting(reason=row.waiting_for, until=row.waiting_until)


def _why(row: Row[Any]) -> str:
    if row.state == "refused":
        when = "when the batch was accepted" if row.accept_refusal else "when it was about to be sent"
        why = "the person was erased" if row.reason_detail == "erased" else _REFUSALS.get(row.reason, row.reason)
        return f"It was not sent: {why} (asked {when}, purpose {row.purpose})."
    if row.state == "failed":
        code = f" (WhatsApp's code {row.meta_code})" if row.meta_code else ""
        cause = _FAILED.get(row.reason, row.reason or "no reason was given")
        return f"It failed: {_CODES.get(row.meta_code, cause)}{code}."
    if row.state == "uncertain" and row.reason == "restored":
        return (
            "It may have been posted: the database was restored to an earlier time and does not know. Only a status"
            " from WhatsApp can say more; it is never sent again."
        )
    if row.state == "sent" and row.reason == "held_for_quality":
        return "WhatsApp accepted it, and keeps it back to see how others take its template."
    if row.state == "uncertain":
        if row.reason == "not_sent_again":
            return (
                "It was posted, no answer came, and it was not posted again:"
                f" {_REFUSALS.get(row.reason_detail, row.reason_detail)}. Only a status from WhatsApp can say more."
            )
        cause = _UNCERTAIN.get(row.reason, "what came back was not WhatsApp's own answer")
        return f"It was posted, and {cause}. Only a status from WhatsApp can say more; it is never sent again."
    if row.state == "queued" and row.batch_state == "paused":
        return f"It waits: its batch is paused ({row.batch_state_reason or 'by its caller'})."
    if row.state == "queued" and row.waiting_for is not None:
        return f"It waits: {_WAITS[row.waiting_for]}; at {show(row.waiting_until)} it is decided on again."
    if row.state == "expired" and row.reason_detail in _WAITS:
        return f"It was never attempted: {_WAITS[row.reason_detail]}, and its time was over before that ended."
    basis = "consent" if row.consent_event_id else "an asserted legal basis"
    allowed = f" It was allowed by {basis} for the purpose {row.purpose}." if row.state in _SENT else ""
    return _STATES[row.state] + allowed


_SENT = frozenset({"sending", "sent", "delivered", "read", "uncertain"})
