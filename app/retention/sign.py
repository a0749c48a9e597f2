"""Things that no statement can destroy: somebody does it by hand, and signs."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Row, insert, text, update

from app.audit.record import record
from app.kit.db import Session
from app.kit.ids import encode, new_id
from app.retention.errors import DestructionTaskSigned, DestructionTaskUnknown
from app.retention.models import destruction_tasks
from app.retention.queries import find_task
from app.retention.write_down import Destroyed, write_items, write_run

HandMethod = Literal["shred", "burn", "pulp", "wipe"]
TaskReason = Literal["erasure", "retention"]

DUE_IN = timedelta(days=30)
BY_LAW = "Kişisel Verilerin Silinmesi, Yok Edilmesi veya Anonim Hale Getirilmesi Hakkında Yönetmelik m.9"

_now = text("SELECT business_now()")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a thing lies in an archive."""

    archive: str
    box: str | None = None
    folder: str | None = None
    page: str | None = None


async def add_task(
    session: Session,
    tenant: UUID,
    place: Place,
    *,
    reason: TaskReason,
    person: UUID | None = None,
    evidence: UUID | None = None,
) -> UUID:
    """Ask for something to be destroyed by hand within 30 days. The task's id."""
    now = (await session.execute(_now)).scalar_one()
    task = new_id()
    row = {
        "id": task,
        "tenant_id": tenant,
        "person_id": person,
        "evidence_id": evidence,
        "archive": place.archive,
        "box": place.box,
        "folder": place.folder,
        "page": place.page,
        "reason": reason,
        "created_at": now,
        "due_at": now + DUE_IN,
    }
    await session.execute(insert(destruction_tasks).values(row))
    return task


async def sign(
    session: Session, tenant: UUID, task: UUID, *, method: HandMethod, signed_by: str, actor: str
) -> Row[Any]:
    """Write down that it was done, how, and who says so; in the log of destruction as well.

    Raises DestructionTaskUnknown, DestructionTaskSigned.
    """
    found = await get_task(session, tenant, task)
    if found.signed_at is not None:
        raise DestructionTaskSigned
    now = (await session.execute(_now)).scalar_one()
    these = destruction_tasks.c
    await session.execute(
        update(destruction_tasks)
        .where(these.tenant_id == tenant, these.id == task)
        .values(signed_at=now, signed_by=signed_by, method=method)
    )
    run = new_id()
    await write_items(session, tenant, run, [Destroyed("physical_item", method, 1, (BY_LAW,))])
    await write_run(
        session,
        tenant,
        run,
        kind="physical",
        actor=actor,
        began_at=found.created_at,
        ended_at=now,
        person=found.person_id,
    )
    detail = {"method": method, "run": encode("dst", run)}
    await record(
        session,
        tenant,
        action="destruction_task.signed",
        actor=actor,
        object_id=encode("tsk", task),
        detail=detail,
    )
    return await get_task(session, tenant, task)


async def get_task(session: Session, tenant: UUID, task: UUID) -> Row[Any]:
    """One task. Raises DestructionTaskUnknown."""
    found = await find_task(session, tenant, task)
    if found is None:
        raise DestructionTaskUnknown
    return found
