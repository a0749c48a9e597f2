"""How a person stands: by each purpose what the gate says, and which acts it rests on."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session


@dataclass(frozen=True, slots=True)
class Stands:
    """The act of one kind that stands."""

    act: str
    occurred_at: datetime
    valid_until: datetime | None
    event_id: UUID


@dataclass(frozen=True, slots=True)
class Standing:
    """One purpose: the gate's answer and the three records that it asks for."""

    purpose: str
    sendable: bool
    refusal: str | None
    refused_for: str | None
    consent: Stands | None
    approval: Stands | None
    basis: Stands | None


_standing = text(
    """
SELECT r.key AS purpose, r.sendable, v.refusal, v.refused_for,
       s.consent_act, s.consent_at, s.consent_until, s.consent_event_id,
       s.approval_act, s.approval_at, s.approval_until, s.approval_event_id,
       s.basis_act, s.basis_at, s.basis_until, s.basis_event_id
  FROM consent_verdicts_v1 AS v
  JOIN purposes_v1 AS r ON r.id = v.purpose_id AND r.active
  LEFT JOIN consent_states AS s
         ON s.tenant_id = v.tenant_id AND s.purpose_id = v.purpose_id AND s.person_id = v.person_id
 WHERE v.tenant_id = :tenant AND v.person_id = :person
 ORDER BY r.id
"""
)


async def list_standing(session: Session, tenant: UUID, person: UUID) -> list[Standing]:
    """One line per active purpose, in the registry's order."""
    rows = await session.execute(_standing, {"tenant": tenant, "person": person})
    return [
        Standing(
            row["purpose"],
            row["sendable"],
            row["refusal"],
            row["refused_for"],
            *(_stands(dict(row), kind) for kind in ("consent", "approval", "basis")),
        )
        for row in rows.mappings()
    ]


def _stands(row: dict[str, Any], kind: str) -> Stands | None:
    if row[f"{kind}_event_id"] is None:
        return None
    return Stands(row[f"{kind}_act"], row[f"{kind}_at"], row[f"{kind}_until"], row[f"{kind}_event_id"])
