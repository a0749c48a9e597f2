"""Reading batches, messages, outcomes and the delivery log. Tenant first, always."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.dispatch.pacing.lanes import CATEGORIES, Lane
from app.kit.db import Session, plan_once

_BATCH = """
SELECT b.*, r.key AS purpose, r.legal_basis,
       CASE WHEN w.closed THEN b.waits_until ELSE q.due_at END AS waiting_until,
       CASE WHEN w.closed THEN b.waits_for ELSE q.waits_for END AS waiting_for
  FROM batches AS b JOIN purposes_v1 AS r ON r.id = b.purpose_id
 CROSS JOIN LATERAL (SELECT b.state = 'running' AND b.waits_until > business_now() AS closed) AS w
  LEFT JOIN LATERAL (
        SELECT d.due_at, d.waits_for FROM dispatch AS d
         WHERE d.batch_id = b.id AND d.state = 'queued' ORDER BY d.due_at, d.id LIMIT 1) AS q
         ON b.state = 'running' AND q.waits_for IS NOT NULL AND q.due_at > clock_timestamp()
 WHERE b.tenant_id = :tenant
"""
_batch = text(_BATCH + " AND b.id = :batch")
_batch_locked = text(_BATCH + " AND b.id = :batch FOR UPDATE OF b")
_batches = text(
    _BATCH + " AND (CAST(:after AS uuid) IS NULL OR b.id < :after)"
    " AND (CAST(:state AS text) IS NULL OR b.state = :state) ORDER BY b.id DESC LIMIT :size"
)
_counts = text(
    "SELECT batch_id, state, reason, sum(n)::int AS n FROM batch_counts"
    " WHERE tenant_id = :tenant AND batch_id = ANY (CAST(:batches AS uuid[]))"
    " GROUP BY batch_id, state, reason HAVING sum(n) <> 0"
)
DUE_AT_ONCE = 32  # batches of a lane
_due_batches = text(
    """
SELECT b.id, b.expires_at, b.template_name, b.template_language, b.variables, b.parameter_format = 'named' AS named,
       b.sender_version, b.quiet_hours, b.frequency_cap, b.at_least_once, lane.name AS lane
  FROM unnest(CAST(:lanes AS text[]), CAST(:categories AS text[]), CAST(:afters AS uuid[]))
       AS lane (name, category, after)
 CROSS JOIN LATERAL (
SELECT b.id, b.expires_at, b.template_name, b.template_language, b.variables, b.parameter_format,
       s.version AS sender_version, r.quiet_hours, r.frequency_cap, b.delivery_policy = 'at_least_once' AS at_least_once
  FROM batches AS b
  JOIN purposes_v1 AS r ON r.id = b.purpose_id
  JOIN senders_v1 AS s ON s.tenant_id = b.tenant_id AND s.id = b.sender_id AND s.state = 'active'
  JOIN templates_v1 AS t ON t.tenant_id = b.tenant_id AND t.id = b.template_id AND t.status = 'approved'
   AND t.category = lane.category
   AND t.review NOT IN ('needs_review', 'rejected') AND b.purpose_id = ANY (t.purpose_ids)
 WHERE b.tenant_id = :tenant AND b.sender_id = :sender AND b.state = 'running'
   AND (b.waits_until IS NULL OR b.waits_until <= (SELECT business_now()))
   AND (lane.after IS NULL OR b.id > lane.after)
   -- not EXISTS: that would be joined as a set, and read the million rows of a batch that waits, at every look
   AND 1 = (SELECT 1 FROM dispatch AS d
             WHERE d.batch_id = b.id AND d.state = 'queued' AND d.due_at <= (SELECT clock_timestamp())
             ORDER BY d.due_at LIMIT 1)
 ORDER BY b.id
 LIMIT :most) AS b
"""
)
_MESSAGE = """
SELECT m.id, m.batch_id, m.upload_id, m.row_number, m.person_id, m.reference, m.refusal AS accept_refusal,
       coalesce(o.state, d.state) AS state, coalesce(o.reason, m.refusal) AS reason,
       coalesce(o.reason_detail, m.refusal_detail) AS reason_detail,
       o.meta_code, coalesce(o.attempts, d.attempts) AS attempts,
       o.sent_at, o.delivered_at, o.read_at, o.failed_at, o.decided_at, o.id IS NOT NULL AS decided,
       coalesce(o.purpose_version, d.purpose_version, b.purpose_version) AS purpose_version,
       coalesce(o.consent_event_id, d.consent_event_id, m.consent_event_id) AS consent_event_id,
       coalesce(o.approval_event_id, d.approval_event_id, m.approval_event_id) AS approval_event_id,
       coalesce(o.basis_event_id, d.basis_event_id, m.basis_event_id) AS basis_event_id,
       coalesce(o.notice_version_id, d.notice_version_id, m.notice_version_id) AS notice_version_id,
       coalesce(o.suppression_event_id, m.suppression_event_id) AS suppression_event_id,
       b.template_name, b.template_language, b.template_version, r.key AS purpose, r.legal_basis,
       b.state AS batch_state, b.state_reason AS batch_state_reason,
       CASE WHEN w.alone THEN d.due_at WHEN w.together THEN b.waits_until END AS waiting_until,
       CASE WHEN w.alone THEN d.waits_for WHEN w.together THEN b.waits_for END AS waiting_for
  FROM messages AS m
  JOIN batches AS b ON b.id = m.batch_id
  JOIN purposes_v1 AS r ON r.id = b.purpose_id
  LEFT JOIN outcomes AS o ON o.id = m.id
  LEFT JOIN dispatch AS d ON d.id = m.id
 CROSS JOIN LATERAL (
       SELECT d.state = 'queued' AND d.waits_for IS NOT NULL AND d.due_at > clock_timestamp() AS alone,
              d.state = 'queued' AND b.state = 'running' AND b.waits_until > business_now() AS together) AS w
 WHERE m.tenant_id = :tenant
"""
_message = text(_MESSAGE + " AND m.id = :message")
_messages = text(
    _MESSAGE + " AND m.batch_id = :batch AND (CAST(:after AS uuid) IS NULL OR m.id > :after)"
    " AND (CAST(:state AS text) IS NULL OR coalesce(o.state, d.state) = :state)"
    " AND (CAST(:reason AS text) IS NULL OR coalesce(o.reason, m.refusal) = :reason)"
    " AND (CAST(:reference AS text) IS NULL OR m.reference = :reference)"
    " ORDER BY m.id LIMIT :size"
)
_events = text(
    """
SELECT id, kind, at, provider_at, reason, meta_code, until
  FROM delivery_events
 WHERE tenant_id = :tenant AND message_id = :message
 UNION ALL
-- What its batch waited for while the message was still in the queue: written once for all of them.
SELECT w.id, 'deferred', w.at, NULL, w.reason, NULL, w.until
  FROM messages AS m
  JOIN batch_waits AS w ON w.tenant_id = m.tenant_id AND w.batch_id = m.batch_id
  LEFT JOIN outcomes AS o ON o.id = m.id
 WHERE m.tenant_id = :tenant AND m.id = :message AND m.refusal IS NULL AND (o.id IS NULL OR o.decided_at > w.at)
 ORDER BY 1
"""
)


@dataclass(frozen=True, slots=True)
class DueBatch:
    """A running batch with something due, the template it speaks in, and which contact rules bind its purpose."""

    id: UUID
    expires_at: datetime
    template_name: str
    template_language: str
    variables: tuple[str, ...]
    named: bool
    sender_version: int
    quiet_hours: bool
    frequency_cap: bool
    at_least_once: bool
    lane: Lane


async def find_batch(session: Session, tenant: UUID, batch: UUID, *, lock: bool = False) -> Row[Any] | None:
    """One batch with its purpose's key. `lock` holds it until the transaction ends."""
    statement = _batch_locked if lock else _batch
    return (await session.execute(statement, {"tenant": tenant, "batch": batch})).one_or_none()


async def list_batches(
    session: Session, tenant: UUID, *, after: UUID | None, state: str | None, size: int
) -> Sequence[Row[Any]]:
    """Batches, newest first."""
    named = {"tenant": tenant, "after": after, "state": state, "size": size}
    return (await session.execute(_batches, named)).all()


# How many messages are in each state, and how many were refused for each reason.
Counted = tuple[dict[str, int], dict[str, int]]


async def count_batches(session: Session, tenant: UUID, batches: Sequence[UUID]) -> dict[UUID, Counted]:
    """The counters of each batch, as sums of their deltas, in one statement. Every batch asked for is in the answer."""
    counted: dict[UUID, Counted] = {batch: ({}, {}) for batch in batches}
    for row in await session.execute(_counts, {"tenant": tenant, "batches": list(batches)}):
        states, reasons = counted[row.batch_id]
        states[row.state] = states.get(row.state, 0) + row.n
        if row.reason is not None:
            reasons[row.reason] = row.n
    return {batch: ({state: n for state, n in states.items() if n}, why) for batch, (states, why) in counted.items()}


async def count_batch(session: Session, tenant: UUID, batch: UUID) -> Counted:
    """The counters of one batch: a list of one."""
    return (await count_batches(session, tenant, [batch]))[batch]


async def due_batches(
    session: Session, tenant: UUID, sender: UUID, *, after: Mapping[Lane, UUID | None]
) -> list[DueBatch]:
    """The next of the sender's running batches that have a message due now, DUE_AT_ONCE of each lane asked for at most.

    In each lane the oldest that come behind `after`.

    A paused sender, a template that is not approved (any more), was rejected by a reader or bound to something else,
    and quiet hours keep a batch from being due.
    """
    lanes = list(after)
    named = {
        "tenant": tenant,
        "sender": sender,
        "most": DUE_AT_ONCE,
        "lanes": lanes,
        "categories": [CATEGORIES[lane] for lane in lanes],
        "afters": [after[lane] for lane in lanes],
    }
    await plan_once(session)  # planning takes 1.4 ms, which is more than the answer (2026-11)
    rows = await session.execute(_due_batches, named)
    return [
        DueBatch(
            row.id,
            row.expires_at,
            row.template_name,
            row.template_language,
            tuple(row.variables),
            row.named,
            row.sender_version,
            row.quiet_hours,
            row.frequency_cap,
            row.at_least_once,
            row.lane,
        )
        for row in rows
    ]


async def find_message(session: Session, tenant: UUID, message: UUID) -> Row[Any] | None:
    """One message with its current state and the evidence pinned to it."""
    return (await session.execute(_message, {"tenant": tenant, "message": message})).one_or_none()


async def list_messages(
    session: Session,
    tenant: UUID,
    batch: UUID,
    *,
    after: UUID | None,
    size: int,
    state: str | None = None,
    reason: str | None = None,
    reference: str | None = None,
) -> Sequence[Row[Any]]:
    """A batch's messages in the order they were given."""
    named = {
        "tenant": tenant,
        "batch": batch,
        "after": after,
        "size": size,
        "state": state,
        "reason": reason,
        "reference": reference,
    }
    return (await session.execute(_messages, named)).all()


async def list_delivery_events(session: Session, tenant: UUID, message: UUID) -> Sequence[Row[Any]]:
    """The delivery log of one message, oldest first."""
    return (await session.execute(_events, {"tenant": tenant, "message": message})).all()
