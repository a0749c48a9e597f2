"""Reads of this room. The registry is the same for every tenant, so no tenant is asked for;
only the lists of allowed variables are a tenant's own."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, select, text

from app.kit.db import Session
from app.kit.errors import FieldError
from app.purposes.errors import UnknownPurpose
from app.purposes.models import purpose_variables, purpose_versions, purposes

KEY = re.compile(r"[a-z][a-z_]{2,60}", re.ASCII)
CONSENT = "kvkk_5_1"  # Law 6698, article 5/1: the only basis that is consent


@dataclass(frozen=True, slots=True)
class Purpose:
    """One purpose, in the version in force."""

    id: int
    key: str
    version: int
    class_: str
    title_tr: str
    title_en: str
    legal_basis: str
    law_references: tuple[str, ...]
    sendable: bool
    commercial: bool
    template_categories: tuple[str, ...]
    delivery_policy: str
    retention_days: int
    dpv: tuple[str, ...]
    active: bool
    consent_max_age_days: int | None
    description_tr: str
    description_en: str
    example_tr: str | None
    example_en: str | None
    retention_from: str
    retention_references: tuple[str, ...]
    quiet_hours: bool
    frequency_cap: bool
    profiling: bool
    audience: str

    @property
    def needs_consent(self) -> bool:
        """Whether the legal basis is the person's consent; otherwise asking for one is forbidden."""
        return self.legal_basis == CONSENT


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a purpose, whole, as it was in force."""

    version: int
    recorded_at: datetime
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LegalReference:
    """A place in the law, with the purposes that rest on it and those whose retention does (keys)."""

    citation: str
    law: str
    article: str | None
    title_tr: str
    title_en: str
    source: str
    purposes: tuple[str, ...]
    retention_of: tuple[str, ...]


_references = text(
    """
SELECT r.citation, r.law, r.article, r.title_tr, r.title_en, r.source,
       ARRAY(SELECT p.key FROM purposes AS p WHERE r.citation = ANY (p.law_references) ORDER BY p.id) AS purposes,
       ARRAY(SELECT p.key FROM purposes AS p WHERE r.citation = ANY (p.retention_references) ORDER BY p.id)
           AS retention_of
  FROM legal_references AS r
 ORDER BY r.law, r.article NULLS FIRST
"""
)


async def find_purpose(session: Session, key: str) -> Purpose | None:
    """The active purpose of that key, or None; any text may be asked for."""
    if not KEY.fullmatch(key):  # PostgreSQL refuses text with NUL, so it is not asked
        return None
    found = await session.execute(select(purposes).where(purposes.c.key == key, purposes.c.active))
    row = found.mappings().one_or_none()
    return None if row is None else _purpose(row)


async def get_purpose(session: Session, key: str) -> Purpose:
    """The active purpose of that key, which every caller was given as `purpose`. Raises UnknownPurpose."""
    found = await find_purpose(session, key)
    if found is None:
        raise UnknownPurpose(errors=[FieldError("/purpose", UnknownPurpose.code, UnknownPurpose.message())])
    return found


async def list_purposes(session: Session) -> list[Purpose]:
    """The whole registry in its own order; it is small and closed, so it is not paged."""
    rows = await session.execute(select(purposes).order_by(purposes.c.id))
    return [_purpose(row) for row in rows.mappings()]


async def list_versions(session: Session, purpose: Purpose) -> list[Version]:
    """Every version of a purpose that was ever in force, the newest first."""
    wanted = select(purpose_versions).where(purpose_versions.c.purpose_id == purpose.id)
    rows = await session.execute(wanted.order_by(purpose_versions.c.version.desc()))
    return [Version(row.version, row.recorded_at, dict(row.content)) for row in rows]


async def list_legal_references(session: Session) -> list[LegalReference]:
    """The law that purposes cite, all of it; it is small and closed, so it is not paged."""
    rows = await session.execute(_references)
    return [
        LegalReference(
            row["citation"],
            row["law"],
            row["article"],
            row["title_tr"],
            row["title_en"],
            row["source"],
            tuple(row["purposes"]),
            tuple(row["retention_of"]),
        )
        for row in rows.mappings()
    ]


async def find_allowed_variables(session: Session, tenant: UUID, purpose: Purpose) -> list[str] | None:
    """The only variables the tenant's messages for this purpose may carry. None: there is no list."""
    mine = (purpose_variables.c.tenant_id == tenant, purpose_variables.c.purpose_id == purpose.id)
    found = await session.scalar(select(purpose_variables.c.variables).where(*mine))
    return None if found is None else list(found)


def _purpose(row: RowMapping) -> Purpose:
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in row.items()}
    return Purpose(class_=values.pop("class"), **values)
