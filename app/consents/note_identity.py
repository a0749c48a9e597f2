"""Note in the ledger what happened to what people are known by: linked, merged, moved, closed, corrected, declared."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.consents.acts import Channel, Entity, Evidence, IdentityAct
from app.kit.db import Session
from app.kit.ids import new_id
from app.kit.sql import sql_beside

_note = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Source:
    """Who says so, and how: the tenant by a call (`api_key_id`), or WhatsApp. `method` is one word for the reason."""

    entity: Entity
    channel: Channel
    method: str
    occurred_at: datetime
    api_key_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """One line: about whom, which alias, and who was absorbed or held the alias before."""

    person_id: UUID
    act: IdentityAct
    alias_id: UUID | None = None
    other_person_id: UUID | None = None
    evidence: Evidence | None = field(default=None, repr=False)


async def note_identity(session: Session, tenant: UUID, notes: Sequence[Note], source: Source) -> list[UUID]:
    """Write the lines, in the transaction of what they tell. Their ids, in order."""
    ids = [new_id() for _ in notes]
    lines = {
        "tenant": tenant,
        "entity": source.entity,
        "channel": source.channel,
        "method": source.method,
        "occurred_at": source.occurred_at,
        "api_key": source.api_key_id,
        "ids": ids,
        "people": [one.person_id for one in notes],
        "acts": [one.act for one in notes],
        "aliases": [one.alias_id for one in notes],
        "others": [one.other_person_id for one in notes],
        "sealed": [None if one.evidence is None else one.evidence.sealed for one in notes],
        "digests": [None if one.evidence is None else one.evidence.digest for one in notes],
    }
    if notes:
        await session.execute(_note, lines)
    return ids
