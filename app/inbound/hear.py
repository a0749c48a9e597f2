"""A person spoke: note it once, and let a STOP, or what may be one, take effect in the same commit."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from app.consents.acts import Entity
from app.consents.restrict import restrict
from app.consents.suppress import MARKETING, lift, suppress
from app.inbound.hold import hold
from app.inbound.meet import Met, Spoken, meet_speakers
from app.inbound.owe import Owed, owe
from app.inbound.queries import find_stop_codes
from app.kit.db import Session
from app.kit.sql import sql_beside
from app.optins.begin import close
from app.purposes.queries import Purpose, list_purposes
from app.runtime import Runtime
from app.tenants.keys import get_tenant_keys

log = structlog.get_logger()

_hear = sql_beside(__file__)


async def hear(run: Runtime, tenant: UUID, spoken: Sequence[Spoken]) -> list[Spoken]:
    """Note what was said, once however often it is delivered, and suppress, hold or lift what was asked for.

    A number and a user id that come together are one person's; two people, if they are so on record, are both stopped
    here and become one later (`learn`). Who says STOP and is not known yet is made, so that the stop holds for later
    imports. A platform's resume lifts only the platform's own stop. Confirmations are owed now, one per person
    and STOP a day at most. Returns what was said as it is
    understood: `stop_one` is a stop of one purpose, or a sentence to be reviewed.
    """
    # A resume opens, and so waits while two people become one; a STOP must not wait with it.
    resumes = [one for one in spoken if one.heard.wish == "resume"]
    others = [one for one in spoken if one.heard.wish != "resume"]
    return [one for some in (others, resumes) if some for one in await _hear_some(run, tenant, some)]


async def _hear_some(run: Runtime, tenant: UUID, spoken: Sequence[Spoken]) -> list[Spoken]:
    async with run.db.begin(tenant) as session:
        keys = await get_tenant_keys(run, session, tenant)
        understood = await _understand(session, tenant, spoken)
        met = await meet_speakers(session, tenant, keys, understood)
        fresh = await _note(session, tenant, met)
        new = [one for one in met if one.fingerprint in fresh]
        doubtful = [one for one in new if one.spoken.heard.wish == "review"]
        stopped = [one for one in new if one.spoken.heard.wish == "stop"]
        # Everybody at once and in one order: group by group, two of these would wait for each other.
        await restrict(session, tenant, [person for one in (*stopped, *doubtful) for person in one.people])
        await _obey(session, tenant, new)
        await _close_questions(session, tenant, stopped)
        await hold(session, tenant, keys, doubtful)
        await owe(session, tenant, _owed(one for one in stopped if not fresh[one.fingerprint]))
    return understood


async def _understand(session: Session, tenant: UUID, spoken: Sequence[Spoken]) -> list[Spoken]:
    """A stop word and a word behind it: a stop of one purpose if the tenant defined that code."""
    codes = {one.heard.code for one in spoken if one.heard.wish == "stop_one" and one.heard.code}
    purposes: Mapping[str, str] = await find_stop_codes(session, tenant, codes) if codes else {}
    return [_understood(one, purposes) for one in spoken]


def _understood(one: Spoken, purposes: Mapping[str, str]) -> Spoken:
    if one.heard.wish != "stop_one":
        return one
    scope = purposes.get(one.heard.code or "")
    return one.meant("review") if scope is None else one.meant("stop", scope)


async def _note(session: Session, tenant: UUID, met: Sequence[Met]) -> dict[UUID, bool]:
    """The fingerprints that are new, each with whether the same person said the same STOP within a day before."""
    heard = [one.spoken.heard for one in met]
    rows = await session.execute(
        _hear,
        {
            "tenant": tenant,
            "fingerprints": [one.fingerprint for one in met],
            "people": [one.people[0] if one.people else None for one in met],
            "senders": [one.spoken.sender_id for one in met],
            "kinds": [one.kind for one in heard],
            "keywords": [one.keyword if one.wish == "stop" else None for one in heard],
            "times": [one.at for one in heard],
            "scopes": [one.scope for one in heard],
        },
    )
    return {row.fingerprint: row.stopped_before for row in rows}


async def _obey(session: Session, tenant: UUID, new: Iterable[Met]) -> None:
    wishes: defaultdict[tuple[datetime, bool, str, str], set[UUID]] = defaultdict(set)
    for one in new:
        heard = one.spoken.heard
        if heard.wish in ("stop", "resume"):
            wishes[one.at, heard.by_platform, heard.wish, heard.scope or MARKETING].update(one.people)
    for (at, by_platform, wish, scope), people in sorted(wishes.items(), key=lambda item: item[0]):
        if wish == "stop":
            entity: Entity = "platform" if by_platform else "person"
            method = "user_preferences" if by_platform else "keyword"
            await suppress(
                session, tenant, people, scope, raised_by=entity, channel="whatsapp", occurred_at=at, method=method
            )
            log.info("inbound.stopped", tenant_id=str(tenant), size=len(people), by=entity, scope=scope)
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


async def _close_questions(session: Session, tenant: UUID, stopped: Sequence[Met]) -> None:
    """A STOP is an answer to every question of ours that it covers."""
    if not stopped:
        return
    purposes = await list_purposes(session)
    for one in stopped:
        covered = [purpose.id for purpose in covered_by(one.spoken.heard.scope, purposes)]
        await close(session, tenant, one.people, covered, by=one.fingerprint, at=one.at)


def covered_by(scope: str | None, purposes: Iterable[Purpose]) -> list[Purpose]:
    """The purposes that rest on consent and that a STOP takes back: all of marketing, or the one it names."""
    return [
        purpose
        for purpose in purposes
        if purpose.needs_consent and (purpose.key == scope or (scope is None and purpose.class_ == "marketing"))
    ]


def _owed(first: Iterable[Met]) -> list[Owed]:
    owed: dict[tuple[UUID, str | None], Owed] = {}
    for one in first:
        heard = one.spoken.heard
        if not heard.by_platform:
            who = one.known[0]
            owed.setdefault(
                (who.person_id, heard.scope),
                Owed(
                    "stop_confirmation",
                    one.spoken.sender_id,
                    who,
                    one.fingerprint,
                    one.at,
                    keyword=heard.keyword,
                    scope=heard.scope,
                ),
            )
    return list(owed.values())
