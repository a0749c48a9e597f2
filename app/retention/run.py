"""Run retention: destroy what is over, page by page, and write down every page with what it destroyed."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text

from app.audit.record import record
from app.dispatch.forget_drafts import forget_drafts
from app.kit.db import Session, is_away, is_busy
from app.kit.ids import encode, new_id
from app.kit.sql import sql_beside
from app.retention.queries import list_law_references
from app.retention.write_down import Destroyed, Method, write_items, write_run
from app.runtime import Runtime
from app.tenants.remember import forget_old

log = structlog.get_logger()

PAGE = 20_000
# In this order: what a person can be read from first, the proofs of it last.
CLASSES: dict[str, Method] = {
    "message_content": "destroy",
    "delivery_events": "delete",
    "message_records": "delete",
    "consent_records": "delete",
    "heard_messages": "delete",
    "requests": "delete",
    "reviews": "delete",
    "opt_in_challenges": "delete",
    "chat_replies": "delete",
    "audit_events": "delete",
    "destruction_log": "delete",
}

_destroy = text(
    "SELECT purpose_id, size, keep_days(:wanted, purpose_id) AS days, act_id, listed, digest"
    " FROM destroy_expired_v1(:wanted, :most, :run)"
)
_due = text("SELECT tenant_id FROM retention_due_v1()")
_now = text("SELECT business_now()")
_webhooks = text("SELECT destroy_webhooks_v1(NULL, :most)")
_month = text("SELECT drop_empty_month_v1()")
_plan = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Ran:
    """What one run destroyed, by class. `id` is that of the run in the log; None of one that only looked."""

    id: UUID | None
    destroyed: Counter[str] = field(default_factory=Counter)


async def run_retention(run: Runtime, tenant: UUID, *, actor: str) -> Ran:
    """Destroy everything of one tenant whose time is over. A transaction per page, so nothing waits long for it."""
    ran = Ran(new_id())
    assert ran.id is not None
    async with run.db.begin(tenant) as session:
        began_at = (await session.execute(_now)).scalar_one()
        laws = await list_law_references(session)
        await forget_drafts(session, tenant)
        forgotten = await forget_old(session, tenant)
        remembered = Destroyed("idempotency_memory", "delete", forgotten, tuple(laws["idempotency_memory"]))
        await write_items(session, tenant, ran.id, [remembered])
        ran.destroyed["idempotency_memory"] += forgotten
    for data_class, method in CLASSES.items():
        while (size := await _destroy_page(run, tenant, ran.id, data_class, method, laws, actor=actor)) is not None:
            ran.destroyed[data_class] += size
    async with run.db.begin(tenant) as session:
        ended_at = (await session.execute(_now)).scalar_one()
        await write_run(session, tenant, ran.id, kind="retention", actor=actor, began_at=began_at, ended_at=ended_at)
        await _audit(session, tenant, ran, actor)
    return ran


async def plan_retention(run: Runtime, tenant: UUID) -> Ran:
    """What a run would destroy now. Destroys nothing."""
    async with run.db.begin(tenant) as session:
        rows = (await session.execute(_plan, {"tenant": tenant})).all()
    return Ran(None, Counter({row.data_class: row.size for row in rows}))


async def run_due(run: Runtime) -> None:
    """Run for every tenant that was not run for within a day, then for what belongs to no tenant.

    One tenant's trouble is logged and does not hold up the others.
    """
    async with run.db.begin() as session:
        tenants = list((await session.execute(_due)).scalars())
    for tenant in tenants:
        try:
            ran = await run_retention(run, tenant, actor="worker")
        except Exception as error:  # a door: the next look comes within the hour
            busy = is_away(error) or is_busy(error)
            log.error("retention.failed", tenant_id=str(tenant), error=type(error).__name__, exc_info=not busy)
        else:
            log.info("retention.ran", tenant_id=str(tenant), **{name: n for name, n in ran.destroyed.items() if n})
    await destroy_webhooks(run)


async def destroy_webhooks(run: Runtime) -> int:
    """Destroy the raw webhooks whose time is over, and drop the months that nothing is left of. How many webhooks."""
    total = 0
    while True:
        async with run.db.begin() as session:
            size: int = (await session.execute(_webhooks, {"most": PAGE})).scalar_one()
        total += size
        if size < PAGE:
            break
    months = []
    while (month := await _drop_month(run)) is not None:
        months.append(month)
    if total or months:
        log.info("retention.webhooks_destroyed", size=total, months=months)
    return total


async def _drop_month(run: Runtime) -> str | None:
    async with run.db.begin() as session:
        dropped: str | None = (await session.execute(_month)).scalar_one()
    return dropped


async def _destroy_page(
    run: Runtime,
    tenant: UUID,
    run_id: UUID,
    data_class: str,
    method: Method,
    laws: dict[str, list[str]],
    *,
    actor: str,
) -> int | None:
    """Destroy one page and write it down. How many rows went; None when nothing was left to look at."""
    async with run.db.begin(tenant) as session:
        asked = {"wanted": data_class, "most": PAGE, "run": run_id}
        rows = (await session.execute(_destroy, asked)).all()
        law = tuple(laws[data_class])
        await write_items(
            session,
            tenant,
            run_id,
            [Destroyed(data_class, method, row.size, law, row.purpose_id, row.days) for row in rows],
        )
        if rows and rows[0].act_id is not None:
            await _name_gaps(session, tenant, run_id, data_class, rows[0], actor)
    return sum(row.size for row in rows) if rows else None


async def _name_gaps(session: Session, tenant: UUID, run_id: UUID, data_class: str, page: Row[Any], actor: str) -> None:
    """Say in the chain itself which of its rows are gone: how many, and the digest of the list that names them."""
    detail = {"data_class": data_class, "size": page.listed, "sha256": page.digest.hex()}
    object_id = encode("dst", run_id)
    await record(
        session,
        tenant,
        action="records.destroyed",
        actor=actor,
        object_id=object_id,
        detail=detail,
        act=page.act_id,
    )


async def _audit(session: Session, tenant: UUID, ran: Ran, actor: str) -> None:
    """A run that destroyed something is an administrative act; that nothing was over stands in the log of runs."""
    detail = {name: n for name, n in ran.destroyed.items() if n and name != "idempotency_memory"}
    if detail and ran.id is not None:
        object_id = encode("dst", ran.id)
        await record(session, tenant, action="retention.ran", actor=actor, object_id=object_id, detail=detail)
