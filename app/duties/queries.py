"""Reads of this room: the duties of every room that has some, as one list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.ids import encode

State = Literal["ok", "warning", "overdue", "done"]
STATES: tuple[State, ...] = get_args(State)
OPEN: tuple[State, ...] = ("ok", "warning", "overdue")

# One line per view. Each has tenant_id, kind, object_id (the text of a UUID), title, started_at, warn_at, due_at and
# done_at; what stands behind the colon says whether the term could be computed for sure.
SOURCES = {
    "register_duties_v1": "certain",
    "subject_duties_v1": "true",
}
# How the id of what a duty is about begins at the edge. A kind that is not here is about the tenant itself.
PREFIXES = {
    "transfer_notification": "trf",
    "transfer_documentation": "trf",
    "transfer_review": "trf",
    "incident_board_notification": "inc",
    "processor_review": "prc",
    "control_check": "ctl",
    "asset_review": "ast",
    "secret_rotation": "ast",
    "subject_request": "req",
    "destruction_task": "tsk",
    "erasure_search": "ers",
}


@dataclass(frozen=True, slots=True)
class Duty:
    """Something that has to be done by `due_at`. `certain` is False for a term over feasts that are not known yet."""

    kind: str
    object_id: str
    title: str
    state: State
    started_at: datetime
    warn_at: datetime
    due_at: datetime
    done_at: datetime | None
    certain: bool

    @property
    def about(self) -> str:
        """The id of what it is about, as the edge shows it."""
        return encode(PREFIXES.get(self.kind, "ten"), UUID(self.object_id))


After = tuple[str, str, str]  # due_at as PostgreSQL writes it, kind, object_id: the order of the list

_all = " UNION ALL ".join(
    f"SELECT tenant_id, kind, object_id, title, started_at, warn_at, due_at, done_at, {certain} AS certain FROM {view}"  # noqa: S608
    for view, certain in SOURCES.items()
)
# The names above are constants of this module.
_judged = f"""
SELECT d.*, CASE WHEN d.done_at IS NOT NULL THEN 'done'
                 WHEN d.due_at <= business_now() THEN 'overdue'
                 WHEN d.warn_at <= business_now() THEN 'warning'
                 ELSE 'ok' END AS state
  FROM ({_all}) AS d
 WHERE d.tenant_id = :tenant
"""  # noqa: S608
_page = text(
    f"""
SELECT kind, object_id, title, state, started_at, warn_at, due_at, done_at, certain
  FROM ({_judged}) AS j
 WHERE state = ANY (:states)
   AND (CAST(:due AS text) IS NULL
        OR (due_at, kind, object_id) > (CAST(CAST(:due AS text) AS timestamptz), :kind, :object))
 ORDER BY due_at, kind, object_id
 LIMIT :limit
"""  # noqa: S608
)
_count = text(f"SELECT kind, state, count(*) AS duties FROM ({_judged}) AS j GROUP BY kind, state")  # noqa: S608


async def list_duties(
    session: Session, tenant: UUID, *, states: Sequence[State] = OPEN, after: After | None = None, limit: int
) -> list[Duty]:
    """The tenant's duties in these states, the one due first before the others."""
    due, kind, object_id = after or (None, None, None)
    asked = {"tenant": tenant, "states": list(states), "due": due, "kind": kind, "object": object_id, "limit": limit}
    return [Duty(**row) for row in (await session.execute(_page, asked)).mappings()]


async def count_duties(session: Session, tenant: UUID) -> dict[State, dict[str, int]]:
    """How many duties are in each state, by kind. A state that none is in has no kinds."""
    counted: dict[State, dict[str, int]] = {state: {} for state in STATES}
    for row in await session.execute(_count, {"tenant": tenant}):
        counted[row.state][row.kind] = row.duties
    return counted
