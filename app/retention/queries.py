"""Reads of this room. Tenant first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.kit.db import Session


@dataclass(frozen=True, slots=True)
class Rule:
    """How long one class is kept, for one purpose where it depends on the purpose. `keep_days` None: no end."""

    data_class: str
    purpose: str | None
    keep_days: int | None
    chosen: bool
    least_days: int | None
    most_days: int | None
    method: str
    law_references: tuple[str, ...]
    title_tr: str
    title_en: str
    starts_tr: str
    starts_en: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A person whose records have to stay."""

    id: UUID
    person_id: UUID
    reason: str
    reference: str | None
    placed_at: datetime
    lifted_at: datetime | None


_rules = text(
    """
SELECT c.key AS data_class, p.key AS purpose, keep_days(c.key, p.id) AS keep_days,
       EXISTS (SELECT FROM retention_rules AS r
                WHERE r.tenant_id = :tenant AND r.data_class = c.key AND r.purpose_id IN (0, coalesce(p.id, 0)))
           AS chosen,
       c.least_days, c.most_days, c.method, c.law_references, c.title_tr, c.title_en, c.starts_tr, c.starts_en
  FROM data_classes AS c
  LEFT JOIN purposes_v1 AS p ON (c.by_purpose OR c.key = 'message_content') AND p.active
 ORDER BY c.place, p.id
"""
)
_classes = text("SELECT key, least_days, most_days, law_references FROM data_classes ORDER BY place")
_outlived = text(
    "SELECT count(*) FROM purposes_v1 AS p"
    " WHERE keep_days('consent_records', p.id) < keep_days('message_records', p.id)"
)
_HOLD = "SELECT id, person_id, reason, reference, placed_at, lifted_at FROM legal_holds WHERE tenant_id = :tenant"
_hold = text(_HOLD + " AND id = :hold")
_holds = text(
    _HOLD + " AND (CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid))"
    " AND (CAST(:person AS uuid) IS NULL OR person_id = CAST(:person AS uuid)) ORDER BY id LIMIT :limit"
)
_held = text("SELECT 1 FROM legal_holds_v1 WHERE tenant_id = :tenant AND person_id = :person LIMIT 1")
_RUN = "SELECT id, kind, person_id, actor, began_at, ended_at FROM destruction_runs WHERE tenant_id = :tenant"
_run = text(_RUN + " AND id = :run")
_runs = text(_RUN + " AND (CAST(:after AS uuid) IS NULL OR id < CAST(:after AS uuid)) ORDER BY id DESC LIMIT :limit")
_items = text(
    """
SELECT i.data_class, p.key AS purpose, i.method, sum(i.size)::int AS size, min(i.keep_days) AS keep_days,
       min(i.law_references) AS law_references
  FROM destruction_items AS i LEFT JOIN purposes_v1 AS p ON p.id = i.purpose_id
 WHERE i.tenant_id = :tenant AND i.run_id = :run
 GROUP BY i.data_class, p.key, i.method ORDER BY 1, 2, 3
"""
)
_TASK = """
SELECT id, person_id, evidence_id, archive, box, folder, page, reason, created_at, due_at, signed_at, signed_by, method
  FROM destruction_tasks
 WHERE tenant_id = :tenant
"""
_task = text(_TASK + " AND id = :task FOR UPDATE")
_tasks = text(
    _TASK + " AND (CAST(:after AS uuid) IS NULL OR id > CAST(:after AS uuid))"
    " AND (NOT :open OR signed_at IS NULL) ORDER BY id LIMIT :limit"
)


async def list_rules(session: Session, tenant: UUID) -> list[Rule]:
    """Every class, for every purpose where it depends on the purpose; as it is in force for the tenant."""
    rows = await session.execute(_rules, {"tenant": tenant})
    return [Rule(**dict(row) | {"law_references": tuple(row["law_references"])}) for row in rows.mappings()]


async def list_bounds(session: Session) -> dict[str, tuple[int | None, int | None]]:
    """What may be chosen for each class; None where nothing may."""
    return {row.key: (row.least_days, row.most_days) for row in await session.execute(_classes)}


async def list_law_references(session: Session) -> dict[str, list[str]]:
    """The laws each class is kept, and destroyed, by."""
    return {row.key: list(row.law_references) for row in await session.execute(_classes)}


async def evidence_is_outlived(session: Session) -> bool:
    """Whether, for some purpose, consents of the session's tenant go before the messages that rest on them."""
    return bool(await session.scalar(_outlived))


async def find_hold(session: Session, tenant: UUID, hold: UUID) -> Hold | None:
    """One hold, or None."""
    row = (await session.execute(_hold, {"tenant": tenant, "hold": hold})).mappings().one_or_none()
    return None if row is None else Hold(**row)


async def list_holds(
    session: Session, tenant: UUID, *, person: UUID | None, after: UUID | None, limit: int
) -> list[Hold]:
    """Holds in the order they were placed, lifted ones too."""
    named = {"tenant": tenant, "person": person, "after": after, "limit": limit}
    return [Hold(**row) for row in (await session.execute(_holds, named)).mappings()]


async def is_held(session: Session, tenant: UUID, person: UUID) -> bool:
    """Whether something holds this person's records now."""
    return await session.scalar(_held, {"tenant": tenant, "person": person}) is not None


async def find_run(session: Session, tenant: UUID, run: UUID) -> Row[Any] | None:
    """One run that is over, or None."""
    return (await session.execute(_run, {"tenant": tenant, "run": run})).one_or_none()


async def list_runs(session: Session, tenant: UUID, *, after: UUID | None, limit: int) -> list[Any]:
    """Runs that are over, newest first."""
    named = {"tenant": tenant, "after": after, "limit": limit}
    return list((await session.execute(_runs, named)).all())


async def list_items(session: Session, tenant: UUID, run: UUID) -> Sequence[Row[Any]]:
    """What a run destroyed, summed by class, purpose and method."""
    return (await session.execute(_items, {"tenant": tenant, "run": run})).all()


async def find_task(session: Session, tenant: UUID, task: UUID) -> Row[Any] | None:
    """One task, held until the transaction ends, or None."""
    return (await session.execute(_task, {"tenant": tenant, "task": task})).one_or_none()


async def list_tasks(session: Session, tenant: UUID, *, only_open: bool, after: UUID | None, limit: int) -> list[Any]:
    """Tasks in the order they were made."""
    named = {"tenant": tenant, "open": only_open, "after": after, "limit": limit}
    return list((await session.execute(_tasks, named)).all())
