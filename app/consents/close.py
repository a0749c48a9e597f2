"""Close an alias of a person: the line is gone, or somebody else's."""

from uuid import UUID

from app.consents.invalidate import invalidate
from app.consents.note_identity import Note, Source, note_identity
from app.consents.restrict import restrict
from app.kit.db import Session
from app.kit.errors import NotFound
from app.people.close_alias import ClosedReason, close_alias
from app.people.errors import AliasClosed
from app.people.queries import Alias, find_person, list_aliases


async def close(
    session: Session, tenant: UUID, person: UUID, alias: UUID, *, reason: ClosedReason, source: Source
) -> int:
    """Close it for good, and end the consents and approvals that were given on it; how many ended.

    Nothing that is queued for it leaves any more, whatever it rests on. Whoever has the number next is somebody new,
    for whom nothing older than this counts. What the person stopped stays stopped under their other aliases.
    Raises NotFound for an alias that is not theirs, AliasClosed when it is closed already.
    """
    await restrict(session, tenant, [person])
    await find_open_alias(session, tenant, person, alias)
    if not await close_alias(session, tenant, alias, reason=reason, closed_at=source.occurred_at):
        raise AliasClosed
    await note_identity(session, tenant, [Note(person, "closed", alias_id=alias)], source)
    return await invalidate(session, tenant, person, source)


async def find_open_alias(session: Session, tenant: UUID, person: UUID, alias: UUID) -> Alias:
    """One open alias of one person (who they are now). Raises NotFound, AliasClosed."""
    known = await find_person(session, tenant, person)
    theirs = {} if known is None else {one.id: one for one in await list_aliases(session, tenant, known.id)}
    if alias not in theirs:
        raise NotFound
    if theirs[alias].closed_at is not None:
        raise AliasClosed
    return theirs[alias]
