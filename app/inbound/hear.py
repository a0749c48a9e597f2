"""A person spoke: note it once, and let a STOP take effect in the same commit."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from app.consents.acts import Entity
from app.consents.restrict import restrict
from app.consents.suppress import MARKETING, lift, suppress
from app.inbound.sort import Alias, Heard
from app.kit.clock import utc_now
from app.kit.crypto import keyed_hash
from app.kit.db import Session
from app.kit.sql import sql_beside
from app.people.find import Known, find_people
from app.people.recognise import recognise
from app.people.seal import alias_hash
from app.runtime import Runtime, TenantKeys
from app.tenants.keys import get_tenant_keys

log = structlog.get_logger()

_hear = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a person said to one of the tenant's numbers."""

    sender_id: UUID
    heard: Heard


@dataclass(frozen=True, slots=True)
class Owed:
    """A confirmation that a person who said STOP should get. `at`: when they wrote; the window opened then."""

    tenant: UUID
    sender_id: UUID
    at: datetime
    aliases: tuple[Alias, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Met:
    """One thing that was said, with its fingerprint and the people behind the names it came with."""

    spoken: Spoken
    fingerprint: UUID
    people: tuple[UUID, ...]


async def hear(run: Runtime, tenant: UUID, spoken: Sequence[Spoken]) -> list[Owed]:
    """Note what was said, once however often it is delivered, and suppress or lift what was asked for.

    A number and a user id are both stopped: nobody knows which of the two an import will bring. Who says STOP and is
    not known yet is made, so that the stop holds for later imports. A platform's resume lifts only the platform's own
    stop. Returns the confirmations that are owed now, one per person a day at most.
    """
    async with run.db.begin(tenant) as session:
        keys = await get_tenant_keys(run, session, tenant)
        met = await meet_speakers(session, tenant, keys, spoken)
        fresh = await _note(session, tenant, met)
        new = [one for one in met if one.fingerprint in fresh]
        await _obey(session, tenant, new)
    for one in new:
        if one.spoken.heard.wish == "maybe_stop":
            log.info("inbound.maybe_stop", tenant_id=str(tenant), sender_id=str(one.spoken.sender_id))
    return _owed(tenant, [one for one in new if not fresh[one.fingerprint]])


async def meet_speakers(session: Session, tenant: UUID, keys: TenantKeys, spoken: Iterable[Spoken]) -> list[Met]:
    """The people behind every distinct thing that was said. Only a STOP makes a person who is not known."""
    once = {keyed_hash(keys.lookup, b"inbound|" + one.heard.told.encode()): one for one in spoken}
    stopping: dict[UUID, Alias] = {}
    others: dict[UUID, Alias] = {}
    for one in once.values():
        names = stopping if one.heard.wish == "stop" else others
        names.update((alias_hash(keys, *alias), alias) for alias in one.heard.aliases)
    known = await recognise(session, tenant, keys, stopping) if stopping else {}
    known |= await find_people(session, tenant, others.keys() - known.keys())
    return [Met(one, fingerprint, _people(keys, one.heard, known)) for fingerprint, one in once.items()]


def _people(keys: TenantKeys, heard: Heard, known: Mapping[UUID, Known]) -> tuple[UUID, ...]:
    hashes = (alias_hash(keys, *alias) for alias in heard.aliases)
    return tuple(dict.fromkeys(known[hash_].person_id for hash_ in hashes if hash_ in known))


async def _note(session: Session, tenant: UUID, met: Sequence[Met]) -> dict[UUID, bool]:
    """The fingerprints that are new, each with whether the same person said STOP within a day before."""
    heard = [one.spoken.heard for one in met]
    rows = await session.execute(
        _hear,
        {
            "tenant": tenant,
            "fingerprints": [one.fingerprint for one in met],
            "people": [one.people[0] if one.people else None for one in met],
            "senders": [one.spoken.sender_id for one in met],
            "kinds": [one.kind for one in heard],
            "keywords": [one.keyword for one in heard],
            "times": [one.at for one in heard],
        },
    )
    return {row.fingerprint: row.stopped_before for row in rows}


async def _obey(session: Session, tenant: UUID, new: Iterable[Met]) -> None:
    now = utc_now()
    wishes: defaultdict[tuple[datetime, bool, str], set[UUID]] = defaultdict(set)
    for one in new:
        heard = one.spoken.heard
        if heard.wish in ("stop", "resume"):
            # A clock that runs ahead must not win over what the person says tomorrow.
            wishes[min(heard.at, now), heard.by_platform, heard.wish].update(one.people)
    # Everybody at once and in one order: group by group, two of these would wait for each other.
    await restrict(session, tenant, [one for (_, _, wish), who in wishes.items() if wish == "stop" for one in who])
    for (at, by_platform, wish), people in sorted(wishes.items(), key=lambda item: item[0]):
        if wish == "stop":
            entity: Entity = "platform" if by_platform else "person"
            method = "user_preferences" if by_platform else "keyword"
            await suppress(
                session, tenant, people, MARKETING, raised_by=entity, channel="whatsapp", occurred_at=at, method=method
            )
            log.info("inbound.stopped", tenant_id=str(tenant), size=len(people), by=entity)
        elif people:
            await lift(
                session,
                tenant,
                people,
                MARKETING,
                lifted_by="platform",
                channel="whatsapp",
                occurred_at=at,
                method="user_preferences",
            )


def _owed(tenant: UUID, first: Iterable[Met]) -> list[Owed]:
    owed: dict[UUID, Owed] = {}
    for one in first:
        heard = one.spoken.heard
        if heard.wish == "stop" and not heard.by_platform:
            owed.setdefault(one.people[0], Owed(tenant, one.spoken.sender_id, heard.at, heard.aliases))
    return list(owed.values())
