"""Reads of imports. Tenant first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.errors import NotFound

SILENT_S = 60.0  # an open import says every 15 s that it lives; one that is silent for longer has lost its process


@dataclass(frozen=True, slots=True)
class Import:
    """An import and what became of its rows so far. `reasons` counts those that opened nothing, by reason."""

    id: UUID
    state: Any
    media_type: str
    created_at: datetime
    closed_at: datetime | None
    row_count: int
    opened: int
    recorded: int
    repeated: int
    refused: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ImportRow:
    """What became of one row."""

    row_number: int
    outcome: Any
    reason: str | None
    detail: str | None
    person_id: UUID | None


_IMPORT = """
SELECT id, media_type, created_at, closed_at, row_count, opened, recorded, repeated, refused, reasons,
       CASE WHEN state = 'open' AND seen_at < clock_timestamp() - make_interval(secs => :silent_s)
            THEN 'aborted' ELSE state END AS state
  FROM consent_imports
 WHERE tenant_id = :tenant
"""
_one = text(_IMPORT + " AND id = :id")
_many = text(_IMPORT + " AND (CAST(:after AS uuid) IS NULL OR id < CAST(:after AS uuid)) ORDER BY id DESC LIMIT :limit")
_rows = text(
    """
SELECT r.row_number, r.outcome, r.reason, r.detail, r.person_id
  FROM consent_import_chunks AS c
 CROSS JOIN LATERAL unnest(c.row_numbers, c.outcomes, c.reasons, c.fields, c.people)
       AS r (row_number, outcome, reason, detail, person_id)
 WHERE c.tenant_id = :tenant AND c.import_id = :id AND c.last_row > :after AND r.row_number > :after
   AND (CAST(:outcome AS text) IS NULL OR r.outcome = CAST(:outcome AS text))
 ORDER BY c.last_row, r.row_number
 LIMIT :limit
"""
)


async def get_import(session: Session, tenant: UUID, import_id: UUID) -> Import:
    """One import. Raises NotFound."""
    asked = {"tenant": tenant, "id": import_id, "silent_s": SILENT_S}
    row = (await session.execute(_one, asked)).mappings().one_or_none()
    if row is None:
        raise NotFound
    return Import(**row)


async def list_imports(session: Session, tenant: UUID, *, after: UUID | None, limit: int) -> list[Import]:
    """The tenant's imports, newest first."""
    asked = {"tenant": tenant, "after": after, "limit": limit, "silent_s": SILENT_S}
    return [Import(**row) for row in (await session.execute(_many, asked)).mappings()]


async def list_rows(
    session: Session, tenant: UUID, import_id: UUID, *, outcome: str | None, after: int, limit: int
) -> list[ImportRow]:
    """What became of the rows behind the row `after`, of one outcome or of all."""
    asked = {"tenant": tenant, "id": import_id, "outcome": outcome, "after": after, "limit": limit}
    return [ImportRow(**row) for row in (await session.execute(_rows, asked)).mappings()]
