"""Invented histories, and how they get into the database: through the verbs, whole steps of all people at once."""

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from app.consents.acts import Entry
from app.consents.append import append
from app.consents.suppress import lift, suppress
from app.consents.who import meet, name
from app.kit.crypto import new_key
from app.kit.db import Database, Session
from app.kit.ids import new_id
from app.purposes.queries import list_purposes
from app.runtime import TenantKeys
from tests.invariants.oracle import Happened, History, Reason

PURPOSES = (
    "campaign_information",  # consent and approval
    "new_product_announcement",
    "product_matching",  # consent alone
    "order_status_notification",  # contract
    "legal_follow_up",  # another basis
)
NOTICES = {"fresh": None, "stale": timedelta(hours=-1), "stale soon": timedelta(days=30)}
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
    stale_at: dict[str, datetime]


def invent(dice: random.Random, now: datetime) -> History:
    """One history: few distinct moments, so that equal ones are common, and no order."""
    history = History(known=dice.random() > 0.02, erased=dice.random() < 0.03)
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
    dice.shuffle(history.events)
    return history


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
        versions, stale_at = await _publish(session, tenant, now)
        ids = {purpose.key: purpose for purpose in await list_purposes(session)}
    named = [name(keys, f"+90532{number:07d}", None) for number in range(len(histories))]
    hashes = [one.hash for one in named if one is not None]
    async with db.begin(tenant) as session:
        known = [one for one, history in zip(named, histories, strict=True) if one is not None and history.known]
        people = {hash_: person.person_id for hash_, person in (await meet(session, tenant, keys, known)).items()}
    for step in range(0, max(len(history.events) for history in histories), AT_ONCE):
        at_step = [
            (people[hash_], event)
            for hash_, history in zip(hashes, histories, strict=True)
            for event in history.events[step : step + AT_ONCE]
        ]
        async with db.begin(tenant) as session:
            await _record(session, tenant, at_step, {key: purpose.id for key, purpose in ids.items()}, versions)
    async with db.begin(tenant) as session:
        erased = [people[hash_] for hash_, one in zip(hashes, histories, strict=True) if one.known and one.erased]
        await session.execute(
            text("UPDATE people SET key_salt = NULL, erased_at = clock_timestamp() WHERE id = ANY (:ids)"),
            {"ids": erased},
        )
    reasons = {
        key: (ids[key].id, Reason(key, ids[key].needs_consent, ids[key].commercial, ids[key].class_ == "marketing"))
        for key in PURPOSES
    }
    return World(tenant, now, histories, hashes, reasons, stale_at)


async def _publish(session: Session, tenant: UUID, now: datetime) -> tuple[dict[str, UUID], dict[str, datetime]]:
    """Three notice versions: one that stays fresh, one that is stale, one that will be."""
    notice = new_id()
    await session.execute(text("INSERT INTO tenants (tenant_id, name) VALUES (:t, 'Deneme')"), {"t": tenant})
    await session.execute(
        text("INSERT INTO notices (id, tenant_id, name) VALUES (:n, :t, 'aydinlatma')"), {"n": notice, "t": tenant}
    )
    versions = {key: new_id() for key in NOTICES}
    stale_at = {key: now + shift for key, shift in NOTICES.items() if shift is not None}
    for number, (key, version) in enumerate(versions.items(), 1):
        await session.execute(
            text(
                "INSERT INTO notice_versions (id, tenant_id, notice_id, version, language, title, body, sha256,"
                " purpose_ids, change_kind) VALUES (:v, :t, :n, :number, 'tr', '-', '-', '\\x00', '{4}', 'first')"
            ),
            {"v": version, "t": tenant, "n": notice, "number": number},
        )
        if key in stale_at:
            await session.execute(
                text("INSERT INTO notice_staleness (tenant_id, notice_version_id, stale_at) VALUES (:t, :v, :at)"),
                {"t": tenant, "v": version, "at": stale_at[key]},
            )
    return versions, stale_at


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
            scoped[one].append(person)
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
