"""Withdraw: the person takes their consent back, and the approval of commercial messages with it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from app.consents.acts import Channel, Entity, Entry
from app.consents.append import append
from app.consents.errors import ConsentNotApplicable
from app.kit.db import Session
from app.purposes.queries import Purpose


async def withdraw(
    session: Session,
    tenant: UUID,
    people: Mapping[UUID, datetime],
    purposes: Iterable[Purpose],
    *,
    channel: Channel,
    method: str | None = None,
    entity: Entity = "person",
    api_key_id: UUID | None = None,
) -> int:
    """Withdraw every person's consent, and approval, for every one of `purposes`. How many lines were written.

    `people` says when each of them did so. All are written at once: one after the other, two calls that share people
    would lock them in two orders and wait for each other.
    It is written whether or not a consent is on record: an older grant that is imported later stays without effect,
    one that is given later counts. Raises ConsentNotApplicable for a purpose that does not rest on consent.
    """
    entries: list[Entry] = []
    for purpose in purposes:
        if not purpose.needs_consent:
            raise ConsentNotApplicable
        for person, occurred_at in people.items():
            entries.append(Entry(person, "explicit_consent", "withdrawn", purpose.id, occurred_at, channel, method))
            if purpose.commercial:
                entries.append(
                    Entry(person, "commercial_approval", "withdrawn", purpose.id, occurred_at, channel, method)
                )
    await append(session, tenant, entries, entity=entity, api_key_id=api_key_id)
    return len(entries)
