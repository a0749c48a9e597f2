"""Reads of this room."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text

from app.kit.db import Session
from app.kit.errors import NotFound

NAME = re.compile(r"[a-z0-9_]{1,512}", re.ASCII)
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Template:
    """A template and the purposes it is bound to; ids and keys are parallel, in the registry's order."""

    id: UUID
    name: str
    language: str
    category: str
    status: str
    parameter_format: str
    body: str
    variables: tuple[str, ...]
    version: int
    created_at: datetime
    updated_at: datetime
    header: str | None
    footer: str | None
    buttons: tuple[str, ...]
    review: str
    purpose_ids: tuple[int, ...]
    purposes: tuple[str, ...]
    decision: str | None
    reviewed_version: int | None
    reviewed_by: str | None
    reason: str | None
    reviewed_at: datetime | None

    @property
    def texts(self) -> list[str]:
        """Everything it says, whatever the variables will hold."""
        return [text for text in (self.header, self.body, self.footer, *self.buttons) if text]


_SHOWN = """
SELECT t.id, t.name, t.language, t.category, t.status, t.parameter_format, t.body, t.variables, t.version,
       t.created_at, t.updated_at, t.header, t.footer, t.buttons, t.review, b.purpose_ids, b.purposes,
       r.decision, r.template_version AS reviewed_version, r.reviewed_by, r.reason, r.reviewed_at
  FROM templates AS t
 CROSS JOIN LATERAL (
       SELECT coalesce(array_agg(p.id ORDER BY p.id), '{}') AS purpose_ids,
              coalesce(array_agg(p.key ORDER BY p.id), '{}') AS purposes
         FROM template_purposes AS q JOIN purposes_v1 AS p ON p.id = q.purpose_id
        WHERE q.tenant_id = t.tenant_id AND q.template_id = t.id) AS b
  LEFT JOIN LATERAL (
       SELECT q.decision, q.template_version, q.reviewed_by, q.reason, q.reviewed_at
         FROM template_reviews AS q
        WHERE q.tenant_id = t.tenant_id AND q.template_id = t.id ORDER BY q.id DESC LIMIT 1) AS r ON true
 WHERE t.tenant_id = :tenant
"""
# The newest decision of a person stands beside it, whatever became of the text's findings since.
_by_id = text(_SHOWN + " AND t.id = :id")
_by_name = text(_SHOWN + " AND t.name = :name AND t.language = :language")
_page = text(_SHOWN + " AND (CAST(:after AS uuid) IS NULL OR t.id > CAST(:after AS uuid)) ORDER BY t.id LIMIT :limit")


async def get_template(session: Session, tenant: UUID, template_id: UUID) -> Template:
    """One template of the tenant. Raises NotFound."""
    row = (await session.execute(_by_id, {"tenant": tenant, "id": template_id})).mappings().one_or_none()
    if row is None:
        raise NotFound
    return _template(row)


async def find_template(session: Session, tenant: UUID, name: str, language: str) -> Template | None:
    """The tenant's template of that name and language, whatever its status, or None.

    Any text may be asked for.
    """
    if not NAME.fullmatch(name) or not LANGUAGE.fullmatch(language):
        return None
    found = await session.execute(_by_name, {"tenant": tenant, "name": name, "language": language})
    row = found.mappings().one_or_none()
    return None if row is None else _template(row)


async def list_templates(session: Session, tenant: UUID, *, after: UUID | None, limit: int) -> list[Template]:
    """The tenant's templates in the order they were registered."""
    rows = await session.execute(_page, {"tenant": tenant, "after": after, "limit": limit})
    return [_template(row) for row in rows.mappings()]


def _template(row: RowMapping) -> Template:
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in row.items()}
    return Template(**values)
