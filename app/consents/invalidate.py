"""Invalidate: what was agreed on a line ends with it, without the person having said anything."""

from uuid import UUID

from sqlalchemy import text

from app.consents.acts import Entry
from app.consents.append import append
from app.consents.note_identity import Source
from app.kit.db import Session

_given = text(
    """
SELECT s.purpose_id, k.record_kind, k.at
  FROM consent_states AS s
 CROSS JOIN LATERAL (VALUES ('explicit_consent', s.consent_act, s.consent_at),
                            ('commercial_approval', s.approval_act, s.approval_at)) AS k (record_kind, act, at)
 WHERE s.tenant_id = :tenant AND s.person_id = :person AND k.act = 'given'
"""
)


async def invalidate(session: Session, tenant: UUID, person: UUID, source: Source) -> int:
    """End every consent and approval that stands for this person; how many. The caller holds the person.

    An act that claims to be later than the closing was recorded for the old line all the same, and ends too.
    """
    given = await session.execute(_given, {"tenant": tenant, "person": person})
    entries = [
        Entry(
            person,
            row.record_kind,
            "invalidated",
            row.purpose_id,
            max(row.at, source.occurred_at),
            source.channel,
            source.method,
        )
        for row in given
    ]
    await append(session, tenant, entries, entity=source.entity, api_key_id=source.api_key_id)
    return len(entries)
