"""Random histories with corrections: the original stays, and the state is what a second telling of the rule says."""

import json
import random
from collections import defaultdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.consents.acts import Circumstances
from app.consents.record import record
from app.consents.replay import replay
from app.consents.rows import Consent
from app.consents.withdraw import withdraw
from app.kit.ids import encode
from tests.rooms.consents.build import EARLIER, MARKETING, OTHER_MARKETING, Shop, phone

pytestmark = pytest.mark.anyio

ROUNDS, PEOPLE = 10, 24
KINDS = ("explicit_consent", "commercial_approval")
WEIGHT = {"given": 0, "invalidated": 1, "refused": 2, "withdrawn": 3}  # what restricts weighs more, at equal times

Slot = tuple[UUID, int, str]  # person, purpose, kind


async def lines_of(shop: Shop) -> list[dict[str, Any]]:
    return await shop.desk.rows(
        shop.id, f"SELECT * FROM consent_events WHERE record_kind IN ('{KINDS[0]}', '{KINDS[1]}') ORDER BY id"
    )


async def states_of(shop: Shop) -> dict[Slot, tuple[Any, ...]]:
    found: dict[Slot, tuple[Any, ...]] = {}
    for row in await shop.desk.rows(shop.id, "SELECT * FROM consent_states"):
        for kind, short in zip(KINDS, ("consent", "approval"), strict=True):
            if row[f"{short}_event_id"] is not None:
                state = row[f"{short}_act"], row[f"{short}_at"], row[f"{short}_event_id"]
                found[row["person_id"], row["purpose_id"], kind] = state
    return found


def told_again(lines: list[dict[str, Any]]) -> dict[Slot, tuple[Any, ...]]:
    """The state, folded in plain words: what was corrected does not count, the newest of the rest does."""
    corrected = {line["supersedes_id"] for line in lines}
    counting: defaultdict[Slot, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        if line["id"] not in corrected and line["act"] in WEIGHT:
            counting[line["person_id"], line["purpose_id"], line["record_kind"]].append(line)
    newest = {
        slot: max(some, key=lambda one: (one["occurred_at"], WEIGHT[one["act"]], one["id"]))
        for slot, some in counting.items()
    }
    return {slot: (one["act"], one["occurred_at"], one["id"]) for slot, one in newest.items()}


def random_rows(dice: random.Random, shop: Shop, owners: dict[str, UUID], lines: list[dict[str, Any]]) -> list[Consent]:
    """Acts at few moments, so that many tie; every second one corrects an earlier line where it may."""
    rows = []
    for to in dice.sample(sorted(owners), PEOPLE // 2):
        purpose, kind = dice.choice((MARKETING, OTHER_MARKETING)), dice.choice(KINDS)
        slot = owners[to], shop.purposes[purpose].id, kind
        mine = [
            line["id"]
            for line in lines
            if (line["person_id"], line["purpose_id"], line["record_kind"]) == slot
            and line["act"] in ("given", "imported", "invalid")
        ]
        corrects = dice.choice(mine) if mine and dice.random() < 0.6 else None
        rows.append(
            shop.row(
                to,
                purpose=purpose,
                kind=kind,
                act=dice.choice(("given", "given", "given", "refused")),
                occurred_at=EARLIER - timedelta(minutes=dice.randint(0, 4)),
                discount="bundled" if dice.random() < 0.2 else None,
                circumstances=Circumstances(supersedes_id=corrects),
            )
        )
    return rows


async def import_without_proof(dice: random.Random, shop: Shop, owners: dict[str, UUID]) -> None:
    rows = [shop.consent(to, occurred_at=EARLIER.isoformat()) for to in dice.sample(sorted(owners), 3)]
    body = "\n".join(json.dumps({name: value for name, value in row.items() if name != "method"}) for row in rows)
    answer = await shop.http.post(
        "/v1/consent-imports", content=body.encode(), headers={"content-type": "application/x-ndjson"}
    )
    assert 201 == answer.status_code, answer.text


async def unite_two(dice: random.Random, shop: Shop, owners: dict[str, UUID]) -> None:
    one, other = dice.sample(sorted(owners), 2)
    body = {"to": other, "reason": "same_customer", "merge": True}
    answer = await shop.http.post(f"/v1/people/{encode('per', owners[one])}/aliases", json=body)
    assert answer.is_success, answer.text


async def withdraw_some(dice: random.Random, shop: Shop, owners: dict[str, UUID]) -> None:
    people = {owners[to]: EARLIER - timedelta(minutes=dice.randint(0, 4)) for to in dice.sample(sorted(owners), 2)}
    async with shop.desk.run.db.begin(shop.id) as session:
        await withdraw(session, shop.id, people, [shop.purposes[MARKETING]], channel="api")


async def test_corrections_keep_the_original_and_the_state_is_what_the_rest_says(shop: Shop) -> None:
    seed = random.randrange(1_000_000)
    print(f"seed {seed}")
    dice = random.Random(seed)
    phones = [phone() for _ in range(PEOPLE)]
    lines: list[dict[str, Any]] = []
    for turn in range(ROUNDS):
        owners = {to: await shop.person(to) for to in phones}
        async with shop.desk.run.db.begin(shop.id) as session:
            rows = random_rows(dice, shop, owners, lines)
            recorded = await record(session, shop.id, shop.keys, rows, api_key_id=None)
        assert [] == list(recorded.faults)
        await withdraw_some(dice, shop, owners)
        await import_without_proof(dice, shop, owners)
        if turn % 4 == 3:
            await unite_two(dice, shop, owners)

        before, lines = lines, await lines_of(shop)
        assert before == lines[: len(before)]
        assert told_again(lines) == await states_of(shop)
    async with shop.desk.run.db.begin(shop.id) as session:
        replayed = await replay(session, shop.id)

    assert replayed.agrees
    assert sum(line["supersedes_id"] is not None for line in lines) > ROUNDS
