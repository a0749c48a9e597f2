"""Link: several aliases are one person's."""

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from app.consents.errors import PersonErased
from app.consents.note_identity import Note, Source, note_identity
from app.consents.restrict import restrict
from app.consents.unite import unite
from app.consents.who import Named
from app.kit.db import Session
from app.people.add_aliases import Added, Addition, add_aliases
from app.people.errors import AliasTaken
from app.people.find import find_people
from app.people.queries import Person
from app.people.still import hold_alone, hold_still
from app.runtime import TenantKeys


async def link(
    session: Session, tenant: UUID, keys: TenantKeys, groups: Sequence[Sequence[Named]], source: Source
) -> int:
    """Make the aliases of each group one person's: the first known one's. How many people gained something.

    A group in which nobody is known teaches nothing. Unknown aliases are added, all at once; known ones of somebody
    else mean that the two are one (`unite`). Nothing is added for somebody who was erased.
    """
    known = await find_people(session, tenant, {one.hash for group in groups for one in group})
    additions: dict[UUID, Addition] = {}
    apart: list[tuple[UUID, UUID]] = []
    for group in groups:
        owners = [known[one.hash] for one in group if one.hash in known]
        alive = next((owner for owner in owners if owner.salt is not None), None)
        for one in group:
            if one.hash not in known and alive is not None and alive.salt is not None:
                additions.setdefault(one.hash, Addition(alive.person_id, alive.salt, one.hash, one.kind, one.value))
        apart += [(owners[0].person_id, o.person_id) for o in owners[1:] if o.person_id != owners[0].person_id]
    # Uniting comes first, and takes everybody at once: pair by pair, two of these would wait for each other.
    if apart:
        await hold_alone(session, tenant)
        await restrict(session, tenant, {person for pair in apart for person in pair})
    for person, other in dict.fromkeys(apart):
        await unite(session, tenant, keys, person, other, source)
    added = await _add(session, tenant, keys, list(additions.values()), source)
    return len(added) + len(set(apart))


async def link_to(
    session: Session, tenant: UUID, keys: TenantKeys, person: Person, named: Named, *, merge: bool, source: Source
) -> Literal["linked", "merged"] | None:
    """Make one alias this person's; None when it is already. With `merge` whoever has it becomes one with them.

    Raises AliasTaken without `merge` when somebody else has it, PersonErased.
    """
    if person.salt is None:
        raise PersonErased
    owner = (await find_people(session, tenant, [named.hash])).get(named.hash)
    if owner is None:
        addition = Addition(person.id, person.salt, named.hash, named.kind, named.value)
        if not await _add(session, tenant, keys, [addition], source):
            raise AliasTaken  # by somebody who came first, a moment ago
        return "linked"
    if owner.person_id == person.id:
        return None
    if not merge:
        raise AliasTaken
    await unite(session, tenant, keys, person.id, owner.person_id, source)
    return "merged"


async def _add(
    session: Session, tenant: UUID, keys: TenantKeys, additions: Sequence[Addition], source: Source
) -> list[Added]:
    if not additions:
        return []
    moved = await hold_still(session, tenant, (one.person_id for one in additions))
    still_theirs = [one for one in additions if one.person_id not in moved]  # the others are learned the next time
    added = await add_aliases(session, tenant, keys, still_theirs)
    notes = [Note(one.person_id, "linked", alias_id=one.alias_id) for one in added]
    await note_identity(session, tenant, notes, source)
    return added
