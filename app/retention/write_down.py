"""Write down what was destroyed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import insert

from app.kit.clock import utc_now
from app.kit.db import Session
from app.kit.ids import new_id
from app.retention.models import destruction_items, destruction_runs

Method = Literal["destroy", "delete", "anonymise", "shred", "burn", "pulp", "wipe"]
RunKind = Literal["retention", "erasure", "physical"]


@dataclass(frozen=True, slots=True)
class Destroyed:
    """So many of one class, by one method. `keep_days`: the rule that was over, where one was."""

    data_class: str
    method: Method
    size: int
    law_references: tuple[str, ...]
    purpose_id: int | None = None
    keep_days: int | None = None


async def write_items(session: Session, tenant: UUID, run: UUID, items: Iterable[Destroyed]) -> None:
    """In the transaction that destroys: both are on disk, or neither. What has no size is left out."""
    rows = [
        {
            "id": new_id(),
            "tenant_id": tenant,
            "run_id": run,
            "data_class": item.data_class,
            "purpose_id": item.purpose_id,
            "method": item.method,
            "size": item.size,
            "keep_days": item.keep_days,
            "law_references": list(item.law_references),
            "at": utc_now(),
        }
        for item in items
        if item.size
    ]
    if rows:
        await session.execute(insert(destruction_items), rows)


async def write_run(
    session: Session,
    tenant: UUID,
    run: UUID,
    *,
    kind: RunKind,
    actor: str,
    began_at: datetime,
    ended_at: datetime,
    person: UUID | None = None,
) -> None:
    """Say that a run is through."""
    row = {
        "id": run,
        "tenant_id": tenant,
        "kind": kind,
        "person_id": person,
        "actor": actor,
        "began_at": began_at,
        "ended_at": ended_at,
    }
    await session.execute(insert(destruction_runs).values(row))
