"""Move: WhatsApp says that a person has a new number, or a new user id. They stay the same person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.consents.carry import carry
from app.consents.invalidate import invalidate
from app.consents.link import link
from app.consents.note_identity import Note, Source, note_identity
from app.consents.restrict import restrict
from app.consents.who import Named
from app.kit.db import Session
from app.people.add_aliases import Addition, add_aliases
from app.people.close_alias import ClosedReason, close_alias
from app.people.find import Known, find_people
from app.runtime import TenantKeys

_WHY: Mapping[str, ClosedReason] = {"bsuid": "user_id_changed"}


@dataclass(frozen=True, slots=True)
class Moved:
    """What somebody was known by, and what they are known by now."""

    old: tuple[Named, ...]
    new: tuple[Named, ...]


async def move(session: Session, tenant: UUID, keys: TenantKeys, moved: Moved, source: Source) -> bool:
    """Close the old aliases and open the new ones for the same person; whether somebody was known.

    Consents follow: WhatsApp says that it is the same person. Who was known by a new alias until now held it before, or
    is the same person met anew; nobody can tell. So what they agreed to ends, and what they stopped, refused or
    withdrew holds for the one who has it now.
    """
    await link(session, tenant, keys, [moved.old], source)  # two old names are one person's as well
    known = await find_people(session, tenant, {one.hash for one in (*moved.old, *moved.new)})
    owner = next((known[one.hash] for one in moved.old if one.hash in known), None)
    if owner is None or owner.salt is None:
        return False
    before = {known[one.hash].person_id for one in moved.new if one.hash in known} - {owner.person_id}
    gone = await restrict(session, tenant, {owner.person_id, *before})
    if gone.keys() & {owner.person_id, *before}:
        return await move(session, tenant, keys, moved, source)  # somebody was absorbed meanwhile: look again
    for holder in sorted(before):
        await carry(session, tenant, gone=holder, into=owner.person_id, opening=False)
        await invalidate(session, tenant, holder, source)
    notes = await _close(session, tenant, moved, known, owner, source)
    wanted = [one for one in moved.new if one.hash not in known or known[one.hash].person_id != owner.person_id]
    additions = [Addition(owner.person_id, owner.salt, one.hash, one.kind, one.value) for one in wanted]
    added = await add_aliases(session, tenant, keys, additions) if additions else []
    notes += [Note(one.person_id, "moved", alias_id=one.alias_id) for one in added]
    await note_identity(session, tenant, notes, source)
    return True


async def _close(
    session: Session, tenant: UUID, moved: Moved, known: Mapping[UUID, Known], owner: Known, source: Source
) -> list[Note]:
    """Close the person's old aliases, and the new ones where somebody else had them."""
    closing: list[tuple[Known, ClosedReason]] = [
        (known[one.hash], _WHY.get(one.kind, "number_changed")) for one in _theirs(moved.old, known, owner, same=True)
    ]
    closing += [(known[one.hash], "recycled") for one in _theirs(moved.new, known, owner, same=False)]
    notes = []
    for held, reason in closing:
        if await close_alias(session, tenant, held.alias_id, reason=reason, closed_at=source.occurred_at):
            other = None if held.person_id == owner.person_id else owner.person_id
            notes.append(Note(held.person_id, "closed", held.alias_id, other))
    return notes


def _theirs(named: Sequence[Named], known: Mapping[UUID, Known], owner: Known, *, same: bool) -> list[Named]:
    return [one for one in named if one.hash in known and (known[one.hash].person_id == owner.person_id) is same]
