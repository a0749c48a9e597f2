"""Unite: two people on record turn out to be one."""

from uuid import UUID

from app.consents.carry import carry
from app.consents.note_identity import Note, Source, note_identity
from app.consents.restrict import restrict
from app.kit.db import Session
from app.people.absorb import absorb
from app.people.queries import find_person
from app.people.still import hold_alone
from app.runtime import TenantKeys


async def unite(session: Session, tenant: UUID, keys: TenantKeys, one: UUID, other: UUID, source: Source) -> UUID:
    """Make `one` and `other` the same person, and say who that is: `one`, unless only they were erased.

    Consents, bases and what is stopped follow (`carry`): a link never opens what either of them closed. Of somebody who
    was erased only what restricts is carried. Messages that are queued for the absorbed one get the verdict of both.
    """
    await hold_alone(session, tenant)
    await restrict(session, tenant, [one, other])
    into, gone = await find_person(session, tenant, one), await find_person(session, tenant, other)
    assert into is not None
    assert gone is not None
    if into.id == gone.id:
        return into.id
    if into.salt is None and gone.salt is not None:
        into, gone = gone, into
    await carry(session, tenant, gone=gone.id, into=into.id, opening=gone.salt is not None)
    await absorb(session, tenant, keys, gone=gone.id, into=into.id)
    await note_identity(session, tenant, [Note(into.id, "merged", other_person_id=gone.id)], source)
    return into.id
