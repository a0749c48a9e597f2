"""Correct what a person is known by: the tenant wrote it down wrongly (Law 6698, articles 4/2-b and 11/1-d)."""

from uuid import UUID

from app.consents.close import find_open_alias
from app.consents.errors import PersonErased
from app.consents.note_identity import Note, Source, note_identity
from app.consents.restrict import restrict
from app.consents.who import Named
from app.kit.db import Session
from app.people.add_aliases import Addition, add_aliases
from app.people.close_alias import close_alias
from app.people.errors import AliasTaken
from app.people.find import find_people
from app.people.queries import Person
from app.runtime import TenantKeys


async def correct(
    session: Session, tenant: UUID, keys: TenantKeys, person: Person, wrong: UUID, right: Named, source: Source
) -> None:
    """Close the wrong alias and add the right one, which may be theirs already. What the person agreed to is theirs.

    Nothing that is queued for the wrong one leaves any more. Raises NotFound, AliasClosed, PersonErased, and AliasTaken
    when somebody else is known by the right one.
    """
    await restrict(session, tenant, [person.id])
    if person.salt is None:
        raise PersonErased
    await find_open_alias(session, tenant, person.id, wrong)
    owners = await find_people(session, tenant, [right.hash])
    if right.hash in owners and (owners[right.hash].person_id != person.id or owners[right.hash].alias_id == wrong):
        raise AliasTaken
    await close_alias(session, tenant, wrong, reason="wrong_number", closed_at=source.occurred_at)
    addition = Addition(person.id, person.salt, right.hash, right.kind, right.value)
    added = [] if right.hash in owners else await add_aliases(session, tenant, keys, [addition])
    notes = [Note(person.id, "corrected", alias_id=wrong), *(Note(person.id, "linked", one.alias_id) for one in added)]
    await note_identity(session, tenant, notes, source)
