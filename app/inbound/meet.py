"""Meet the people behind what was said, by the names it came with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from app.inbound.sort import Alias, Heard, Wish
from app.kit.clock import utc_now
from app.kit.crypto import keyed_hash
from app.kit.db import Session
from app.people.find import Known, find_people
from app.people.recognise import recognise
from app.people.seal import alias_hash
from app.runtime import TenantKeys

# What makes a person who is not known: a stop has to hold for later imports, and an answer needs somebody to go to.
MAKING: Final[frozenset[Wish | None]] = frozenset({"stop", "review", "no", "start", "code"})


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a person said to one of the tenant's numbers."""

    sender_id: UUID
    heard: Heard

    def meant(self, wish: Wish, scope: str | None = None) -> "Spoken":
        """The same words, understood."""
        return replace(self, heard=replace(self.heard, wish=wish, scope=scope))


@dataclass(frozen=True, slots=True)
class Met:
    """One thing that was said, with its fingerprint and the people behind the names it came with, the number first."""

    spoken: Spoken
    fingerprint: UUID
    known: tuple[Known, ...]

    @property
    def people(self) -> tuple[UUID, ...]:
        """The people's ids, each once."""
        return tuple(dict.fromkeys(one.person_id for one in self.known))

    @property
    def at(self) -> datetime:
        """When it was said. A clock that runs ahead must not win over what the person says tomorrow."""
        return min(self.spoken.heard.at, utc_now())


async def meet_speakers(session: Session, tenant: UUID, keys: TenantKeys, spoken: Iterable[Spoken]) -> list[Met]:
    """The people behind every distinct thing that was said. Only what is in MAKING makes a person who is not known."""
    once = {keyed_hash(keys.lookup, b"inbound|" + one.heard.told.encode()): one for one in spoken}
    making: dict[UUID, Alias] = {}
    others: dict[UUID, Alias] = {}
    for one in once.values():
        names = making if one.heard.wish in MAKING else others
        names.update((alias_hash(keys, *alias), alias) for alias in one.heard.aliases)
    together = [[alias_hash(keys, *alias) for alias in one.heard.aliases] for one in once.values()]
    together = [group for group in together if making.keys() >= set(group)]
    known = await recognise(session, tenant, keys, making, together=together) if making else {}
    known |= await find_people(session, tenant, others.keys() - known.keys())
    return [Met(one, fingerprint, _known(keys, one.heard, known)) for fingerprint, one in once.items()]


def _known(keys: TenantKeys, heard: Heard, known: Mapping[UUID, Known]) -> tuple[Known, ...]:
    hashes = (alias_hash(keys, *alias) for alias in heard.aliases)
    return tuple(known[hash_] for hash_ in hashes if hash_ in known)
