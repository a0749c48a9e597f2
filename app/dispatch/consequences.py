"""What one refusal by WhatsApp means beyond its message: for the person, for the batch, for the line.

Most codes mean nothing more. Those that do are drawn from the table of codes, whether the refusal came as the answer to
a post or, later, as a status.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import structlog
from sqlalchemy import Row, text

from app.consents.queries import find_stopped
from app.consents.suppress import MARKETING, suppress
from app.dispatch.pause import stop_template
from app.kit.clock import utc_now
from app.kit.ids import encode
from app.kit.metrics import metrics
from app.kit.sql import sql_beside
from app.runtime import Runtime
from app.senders.halt import HaltScope, halt_lines
from app.whatsapp.codes import ErrorClass, classify

log = structlog.get_logger()

STOPPED_MARKETING = 131050  # the person did, in WhatsApp (Meta, error codes, 2026-09)
# "Not within 24 hours", whichever number and template; who goes on is blocked for longer (Meta, error codes, 2026-09).
KEPT_BACK = 131049
FRESH = timedelta(minutes=10)  # an older status says nothing about whether the line is halted now

_HALTING: dict[ErrorClass, tuple[HaltScope, float]] = {
    ErrorClass.PAUSE_SENDER: ("sender", 60.0),
    ErrorClass.PAUSE_ACCOUNT: ("account", 300.0),
    ErrorClass.CREDENTIALS: ("credentials", 60.0),
}

_whose = text(
    "SELECT m.id, m.person_id, m.batch_id, b.sender_id FROM messages AS m"
    "  JOIN batches AS b ON b.tenant_id = m.tenant_id AND b.id = m.batch_id"
    " WHERE m.tenant_id = :tenant AND m.id = ANY (CAST(:ids AS uuid[]))"
)
_hold_people = sql_beside(__file__, "hold")
_note_code = text(
    "UPDATE batches SET unknown_codes = unknown_codes || CAST(:code AS int), version = version + 1"
    " WHERE tenant_id = :tenant AND id = :batch AND NOT CAST(:code AS int) = ANY (unknown_codes)"
    "   AND cardinality(unknown_codes) < 20"
)
_unknown = metrics.counter("whatsapp_unknown_codes", "Refusals by WhatsApp with a code that has no row in our table.")


@dataclass(frozen=True, slots=True)
class Refused:
    """WhatsApp refused a message with this code, at that time by its own clock."""

    message: UUID
    code: int
    at: datetime


def has_consequences(code: int | None) -> bool:
    """Whether a refusal with this code means anything beyond its message."""
    if code is None:
        return False
    klass = classify(code).klass
    return (
        code in (STOPPED_MARKETING, KEPT_BACK)
        or klass in _HALTING
        or klass in (ErrorClass.UNKNOWN, ErrorClass.PAUSE_TEMPLATE)
    )


async def draw_consequences(run: Runtime, tenant: UUID, refused: Sequence[Refused]) -> None:
    """Draw them, any number of times, each in a transaction of its own. Messages that are not ours mean nothing."""
    drawn = [one for one in refused if has_consequences(one.code)]
    if not drawn:
        return
    async with run.db.begin(tenant) as session:
        found = await session.execute(_whose, {"tenant": tenant, "ids": [one.message for one in drawn]})
        rows = {row.id: row for row in found}
    known = [(one, rows[one.message]) for one in drawn if one.message in rows]
    stopped: defaultdict[datetime, set[UUID]] = defaultdict(set)
    for one, row in known:
        if one.code == STOPPED_MARKETING:
            stopped[one.at].add(row.person_id)
    for at, people in sorted(stopped.items()):
        await _stop_marketing(run, tenant, people, at)
    await _leave_alone(run, tenant, [(one, row) for one, row in known if one.code == KEPT_BACK])
    for one, row in known:
        if one.code not in (STOPPED_MARKETING, KEPT_BACK):
            await _draw_one(run, tenant, one, row)


async def _stop_marketing(run: Runtime, tenant: UUID, people: set[UUID], at: datetime) -> None:
    """The person used WhatsApp's own switch and no webhook told us: the platform's stop, which its resume lifts."""
    async with run.db.begin(tenant) as session:
        people -= await find_stopped(session, tenant, people, MARKETING, raised_by="platform", since=at)
        if not people:
            return  # the same status came again
        await suppress(
            session,
            tenant,
            people,
            MARKETING,
            raised_by="platform",
            channel="whatsapp",
            occurred_at=at,
            method=f"code_{STOPPED_MARKETING}",
        )
    log.info("dispatch.stopped_by_code", tenant_id=str(tenant), size=len(people), code=STOPPED_MARKETING)


async def _leave_alone(run: Runtime, tenant: UUID, kept_back: Sequence[tuple[Refused, Row[Any]]]) -> None:
    """No marketing to these people for a day from when WhatsApp said so. Nobody's wish, so no act is recorded."""
    wait_s = float(classify(KEPT_BACK).delay_s or 0)
    held = [(row.person_id, one.at) for one, row in kept_back if utc_now() - one.at < timedelta(seconds=wait_s)]
    if not held:
        return
    named = {"people": [person for person, _ in held], "ats": [at for _, at in held], "wait_s": wait_s}
    async with run.db.begin(tenant) as session:
        await session.execute(_hold_people, named | {"tenant": tenant})
    log.info("dispatch.left_alone", tenant_id=str(tenant), size=len(held), code=KEPT_BACK)


async def _draw_one(run: Runtime, tenant: UUID, one: Refused, row: Row[Any]) -> None:
    rule = classify(one.code)
    if rule.klass is ErrorClass.UNKNOWN:
        _unknown.inc()
        log.error("dispatch.unknown_code", code=one.code, batch_id=encode("bat", row.batch_id))
        async with run.db.begin(tenant) as session:
            await session.execute(_note_code, {"tenant": tenant, "batch": row.batch_id, "code": one.code})
    elif utc_now() - one.at > FRESH:
        return
    elif rule.klass is ErrorClass.PAUSE_TEMPLATE:
        log.error("dispatch.halted", code=one.code, scope="template", batch_id=encode("bat", row.batch_id))
        async with run.db.begin(tenant) as session:
            await stop_template(session, tenant, row.batch_id, one.code, rule.delay_s)
    else:
        await _halt(run, tenant, one, cast(UUID, row.sender_id))


async def _halt(run: Runtime, tenant: UUID, one: Refused, sender: UUID) -> None:
    rule = classify(one.code)
    scope, seconds = _HALTING[rule.klass]
    async with run.db.begin(tenant) as session:
        halted = await halt_lines(
            run, session, tenant, sender, code=one.code, scope=scope, seconds=float(rule.delay_s or seconds)
        )
    if halted:
        log.error("dispatch.halted", code=one.code, scope=scope, sender_id=encode("snd", sender), size=halted)
