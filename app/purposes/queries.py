"""Reads of this room. The registry is the same for every tenant, so no tenant is asked for."""

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import RowMapping, select

from app.kit.db import Session
from app.purposes.errors import UnknownPurpose
from app.purposes.models import purposes

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

    @property
    def needs_consent(self) -> bool:
        """Whether the legal basis is the person's consent; otherwise asking for one is forbidden."""
        return self.legal_basis == CONSENT


async def find_purpose(session: Session, key: str) -> Purpose | None:
    """The active purpose of that key, or None; any text may be asked for."""
    if not KEY.fullmatch(key):  # PostgreSQL refuses text with NUL, so it is not asked
        return None
    found = await session.execute(select(purposes).where(purposes.c.key == key, purposes.c.active))
    row = found.mappings().one_or_none()
    return None if row is None else _purpose(row)


async def get_purpose(session: Session, key: str) -> Purpose:
    """The active purpose of that key. Raises UnknownPurpose."""
    found = await find_purpose(session, key)
    if found is None:
        raise UnknownPurpose
    return found


async def list_purposes(session: Session) -> list[Purpose]:
    """The whole registry in its own order; it is small and closed, so it is not paged."""
    rows = await session.execute(select(purposes).order_by(purposes.c.id))
    return [_purpose(row) for row in rows.mappings()]


def _purpose(row: RowMapping) -> Purpose:
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in row.items()}
    return Purpose(class_=values.pop("class"), **values)
