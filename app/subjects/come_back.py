"""Somebody who was erased comes back by their own act."""

from datetime import datetime
from uuid import UUID

from app.audit.record import record
from app.consents.acts import Channel
from app.consents.restrict import restrict
from app.consents.who import Named
from app.kit.db import Session
from app.kit.ids import encode
from app.people.find import find_people
from app.people.reopen import reopen
from app.runtime import TenantKeys
from app.subjects.errors import NobodyToReopen


async def come_back(
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    who: Named,
    *,
    occurred_at: datetime,
    channel: Channel,
    reference: str,
    actor: str,
) -> UUID:
    """Let the number's person be written about again: a new key, no consent, no basis, every stop still in force.

    Nothing is opened by this: consents and bases of before ended with the erasure, and new ones have to be recorded.
    Raises NobodyToReopen when nobody of that number was erased before the act. Audited.
    """
    known = (await find_people(session, tenant, [who.hash])).get(who.hash)
    if known is None:
        raise NobodyToReopen
    await restrict(session, tenant, [known.person_id])
    alias = (who.hash, who.kind, who.value)
    if not await reopen(session, tenant, keys, known.person_id, alias, came_back_at=occurred_at):
        raise NobodyToReopen
    detail = {"channel": channel, "reference": reference, "occurred_at": occurred_at.isoformat()}
    object_id = encode("per", known.person_id)
    await record(session, tenant, action="person.reopened", actor=actor, object_id=object_id, detail=detail)
    return known.person_id
