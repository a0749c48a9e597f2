"""Why does a running batch not move? The first reason that holds, and when it is looked at again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.dispatch.permit import find_obstacle
from app.kit.db import Session
from app.kit.sql import sql_beside
from app.settings import Settings

_find = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Wait:
    """What a batch waits for. `until` None: until somebody does something."""

    reason: str
    until: datetime | None = None


async def find_wait(settings: Settings, session: Session, tenant: UUID, batch: Row[Any]) -> Wait | None:
    """None: it does not run, nothing of it is queued, or nothing is in its way."""
    if batch.state != "running":
        return None
    row = (await session.execute(_find, {"tenant": tenant, "batch": batch.id})).one()
    if row.next_at is None:
        return None
    if not row.allowed:
        return Wait("quarantined")
    obstacle = await find_obstacle(settings, session, tenant)
    if obstacle is not None:
        return Wait(obstacle)
    if row.sender_state != "active":
        return Wait("sender_paused")
    if row.template_status != "approved":
        return Wait("template_not_approved")
    if row.in_review:
        return Wait("template_needs_review")
    if not row.bound:
        return Wait("template_not_bound")
    if batch.waiting_for is not None:
        return Wait(batch.waiting_for, batch.waiting_until)
    if row.halted_scope is not None:
        return Wait("sender_halted", row.halted_until if row.halted else None)
    if not row.workers:
        return Wait("no_worker")
    if row.waits:
        return Wait("retry", row.next_at)
    return None
