"""Invented histories, and how they get into the database: through the verbs, whole steps of all people at once."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.consents.acts import Entry
from app.consents.append import append
from app.consents.close import close
from app.consents.declare import declare
from app.consents.link import link_to
from app.consents.note_identity import Source
from app.consents.suppress import lift, suppress
from app.consents.who import Named, meet, name
from app.kit.crypto import new_key
from app.kit.db import Database, Session
from app.kit.ids import new_id
from app.people.find import find_people
from app.people.queries import find_person
from app.purposes.queries import Purpose, list_purposes
from app.runtime import TenantKeys
from tests.invariants.oracle import Happened, History, Reason, Stale

PURPOSES = (
    "campaign_information",  # consent and approval
    "new_product_announcement",
    "product_matching",  # consent alone
    "order_status_notification",  # contract
    "data_security_measures",  # a duty of law
)
# From when a version is stale, and for which purpose (None: for all).
NOTICES: dict[str, tuple[timedelta, str | None] | None] = {
    "fresh": None,
    "stale": (timedelta(hours=-1), None),
    "stale soon": (timedelta(days=30), None),
    "stale for one": (timedelta(hours=-1), "campaign_information"),
}
AGED, DAYS = "new_product_announcement", 2  # its consents are over after two days
IDENTITY = ("link", "close", "merchant", "natural")
AT_ONCE = 3  # so many acts of one person come in one call, the next ones in a later call
HOLDERS = [("suppression", "person"), ("objection", "person"), ("suppression", "tenant"), ("suppression", "platform")]


@dataclass(frozen=True, slots=True)
class World:
    """One tenant full of histories. `hashes` are their fingerprints, in order."""

    tenant: UUID
    now: datetime
    histories: Sequence[History]
    hashes: Sequence[UUID]
    reasons: dict[str, tuple[int, Reason]]
    stale: dict[str, Stale]


def invent(dice: random.Random, now: datetime) -> History:
    """One history: few distinct moments, so that equal ones are common, and no order."""
    history = History(
        known=dice.random() > 0.02, erased=dice.random() < 0.03, names=dice.choices([1, 2, 3], [85, 10, 5])[0]
    )
    if not history.known:
        return History(known=False)
    moments = [now - timedelta(days=days) for days in (1, 2, 3)]
    purposes = dice.sample(PURPOSES, 3)
    generous = dice.random() < 0.5  # else hardly anybody would get past the first refusals
    for purpose in purposes:
        history.events += _about(dice, purpose, moments, now, generous=generous)
    for _ in range(dice.choice([0, 0, 0, 0, 1, 2])):
        kind, entity = dice.choice(HOLDERS)
        scope = dice.choice(["all", "marketing", "campaign_information", "order_status_notification"])
        act = dice.choice(["raised", "raised", "lifted"])
        history.events.append(Happened(kind, act, dice.choice(moments), scope=scope, entity=entity))
    history.events = [replace(one, name=dice.randrange(history.names)) for one in history.events]
    history.events += _identities(dice, history.names, moments)
    dice.shuffle(history.events)
    return history


def _identities(dice: random.Random, names: int, moments: list[datetime]) -> list[Happened]:
    """Most names are found to be one person's; some lines are closed, some people are merchants."""
    found = []
    for other in range(1, names):
        if dice.random() < 0.8:
            pair = [other, dice.randrange(other)]
            dice.shuffle(pair)
            found.append(Happened("link", "linked", dice.choice(moments), name=pair[0], other=pair[1]))
    if dice.random() < (0.16 if names == 1 else 0.4):
        found.append(Happened("close", "closed", dice.choice(moments), name=dice.randrange(names)))
    if dice.random() < 0.06:
        kinds = ["merchant", "merchant", "natural"][: dice.choice([1, 1, 3])]
        found += [Happened(kind, "declared", dice.choice(moments), name=dice.randrange(names)) for kind in kinds]
    return found


def _about(
    dice: random.Random, purpose: str, moments: list[datetime], now: datetime, *, generous: bool
) -> list[Happened]:
    kinds = {"campaign_information": 2, "new_product_announcement": 2, "product_matching": 1}
    names = ["explicit_consent", "commercial_approval"][: kinds.get(purpose, 0)] or ["basis_assertion"]
    found = []
    for kind in names:
        for _ in range(dice.choice([1, 1, 2, 3] if generous else [0, 1, 2, 3])):
            found.append(_act(dice, kind, purpose, dice.choice(moments), now, generous=generous))
    return found


def _act(dice: random.Random, kind: str, purpose: str, at: datetime, now: datetime, *, generous: bool) -> Happened:
    good, bad = ("asserted", ["ended"]) if kind == "basis_assertion" else ("given", ["refused", "withdrawn"])
    act = good if generous and dice.random() < 0.85 else dice.choice([good, good, *bad])
    until = dice.choice([None, None, None, now + timedelta(days=30), now - timedelta(hours=1)])
    notice = dice.choice(["fresh", "fresh", *NOTICES]) if kind == "explicit_consent" else None
    return Happened(kind, act, at, purpose, until if act == good else None, notice)


async def load(db: Database, histories: Sequence[History], now: datetime) -> World:
    """A new tenant with these people; a transaction per step, as if each were a call of its own."""
    tenant, keys = new_id(), TenantKeys(new_key(), new_key())
    async with db.begin(tenant) as session:
        versions, stale = await _publish(session, tenant, now)
        ids = {purpose.key: purpose for purpose in await list_purposes(session)}
    numbers = count()
    named = [[_named(keys, next(numbers)) for _ in range(history.names)] for history in histories]
    told = [(names, history) for names, history in zip(named, histories, strict=True) if history.known]
    async with db.begin(tenant) as session:
        await meet(session, tenant, keys, [one for names, _ in told for one in names])
    for step in count():
        at_step = [(names, event) for names, history in told for event in _at(history, step)]
        if not at_step:
            break
        async with db.begin(tenant) as session:
            acts = [(names[event.name], event) for names, event in at_step if event.kind not in IDENTITY]
            people = await meet(session, tenant, keys, [one for one, _ in acts])
            happened = [(people[one.hash].person_id, event) for one, event in acts]
            await _record(session, tenant, happened, {key: purpose.id for key, purpose in ids.items()}, versions)
            for names, event in at_step:
                if event.kind in IDENTITY:
                    await _identify(session, tenant, keys, names, event)
    async with db.begin(tenant) as session:
        await _erase(session, tenant, [one.hash for names, history in told if history.erased for one in names])
    reasons = {key: (ids[key].id, _reason(ids[key])) for key in PURPOSES}
    return World(tenant, now, histories, [one.hash for names in named for one in names], reasons, stale)


def _named(keys: TenantKeys, number: int) -> Named:
    found = name(keys, f"+90532{number:07d}", None)
    assert found is not None
    return found


def _at(history: History, step: int) -> Sequence[Happened]:
    """What is recorded at this step: several acts in one call, or one where people turn out to be one."""
    once = 1 if any(event.kind in IDENTITY for event in history.events) or history.names > 1 else AT_ONCE
    return history.events[step * once : (step + 1) * once]


def _reason(purpose: Purpose) -> Reason:
    age = None if purpose.consent_max_age_days is None else timedelta(days=purpose.consent_max_age_days)
    marketing, duty = purpose.class_ == "marketing", purpose.legal_basis == "kvkk_5_2_cc"
    return Reason(purpose.key, purpose.needs_consent, purpose.commercial, marketing, age, duty)


async def _identify(session: Session, tenant: UUID, keys: TenantKeys, names: Sequence[Named], event: Happened) -> None:
    """What happens to what people are known by. Nobody of a closed name is there to be linked."""
    source = Source("tenant", "import", "invented", event.at)
    one, other = names[event.name], names[event.other]
    found = await find_people(session, tenant, [one.hash, other.hash])
    if one.hash not in found or (event.kind == "link" and other.hash not in found):
        return
    known = found[one.hash]
    person = await find_person(session, tenant, known.person_id)
    assert person is not None
    if event.kind == "link":
        await link_to(session, tenant, keys, person, other, merge=True, source=source)
    elif event.kind == "close":
        await close(session, tenant, known.person_id, known.alias_id, reason="line_closed", source=source)
    else:
        party: Any = {"merchant": "legal"}.get(event.kind, "natural")
        await declare(session, tenant, keys, person, party, {"mersis": "0123456789000015"}, source)


async def _erase(session: Session, tenant: UUID, hashes: Sequence[UUID]) -> None:
    people = [known.person_id for known in (await find_people(session, tenant, hashes)).values()]
    await session.execute(
        text("UPDATE people SET key_salt = NULL, erased_at = clock_timestamp() WHERE id = ANY (:ids)"),
        {"ids": people},
    )


async def _publish(session: Session, tenant: UUID, now: datetime) -> tuple[dict[str, UUID], dict[str, Stale]]:
    """Notice versions: one that stays fresh, one that is stale, one that will be, one that is for one purpose."""
    notice = new_id()
    await session.execute(text("INSERT INTO tenants (tenant_id, name) VALUES (:t, 'Deneme')"), {"t": tenant})
    await session.execute(
        text("INSERT INTO notices (id, tenant_id, name) VALUES (:n, :t, 'aydinlatma')"), {"n": notice, "t": tenant}
    )
    versions = {key: new_id() for key in NOTICES}
    stale = {
        key: Stale(now + told[0], None if told[1] is None else frozenset({told[1]}))
        for key, told in NOTICES.items()
        if told is not None
    }
    for number, (key, version) in enumerate(versions.items(), 1):
        await session.execute(
            text(
                "INSERT INTO notice_versions (id, tenant_id, notice_id, version, language, title, body, sha256,"
                " purpose_ids, change_kind) VALUES (:v, :t, :n, :number, 'tr', '-', '-', '\\x00', '{4}', 'first')"
            ),
            {"v": version, "t": tenant, "n": notice, "number": number},
        )
        if key in stale:
            purposes = stale[key].purposes
            await session.execute(
                text(
                    "INSERT INTO notice_staleness (tenant_id, notice_version_id, stale_at, purpose_ids) VALUES (:t, :v,"
                    " :at, CASE WHEN CAST(:keys AS text[]) IS NOT NULL THEN"
                    " ARRAY(SELECT id FROM purposes WHERE key = ANY (CAST(:keys AS text[]))) END)"
                ),
                {"t": tenant, "v": version, "at": stale[key].at, "keys": None if purposes is None else list(purposes)},
            )
    return versions, stale


async def _record(
    session: Session,
    tenant: UUID,
    happened: Sequence[tuple[UUID, Happened]],
    ids: dict[str, int],
    versions: dict[str, UUID],
) -> None:
    entries: list[Entry] = []
    scoped: dict[Happened, list[UUID]] = defaultdict(list)
    for person, one in happened:
        if one.scope is not None:
            scoped[replace(one, name=0)].append(person)
        else:
            kind: Any = one.kind
            act: Any = one.act
            version = None if one.notice is None else versions[one.notice]
            entries.append(Entry(person, kind, act, ids[one.purpose or ""], one.at, "import", None, version, one.until))
    await append(session, tenant, entries, entity="person", api_key_id=None)
    for one, people in scoped.items():
        how: dict[str, Any] = {"kind": one.kind, "channel": "import", "occurred_at": one.at}
        if one.act == "raised":
            await suppress(session, tenant, people, one.scope or "", raised_by=one.entity, **how)  # type: ignore[arg-type]
        else:
            await lift(session, tenant, people, one.scope or "", lifted_by=one.entity, **how)  # type: ignore[arg-type]
