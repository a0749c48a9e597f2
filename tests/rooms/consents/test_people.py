"""One person, whatever they are known by: found, linked, closed, corrected, declared."""

import random
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from app.consents.acts import Evidence
from app.consents.evidence import open_evidence
from app.kit.clock import utc_now
from app.kit.ids import decode, new_id
from app.people.queries import find_person
from tests.conftest import TestDatabase
from tests.rooms.consents.build import EARLIER, MARKETING, NOW, ORDERS, Shop, code, open_shop, phone

pytestmark = pytest.mark.anyio


def user_id() -> str:
    return f"TR.{random.randrange(10**18)}"


async def find(shop: Shop, **who: str) -> dict[str, Any]:
    answer = await shop.http.post("/v1/people/find", json=who)
    assert 200 == answer.status_code, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def verdict(shop: Shop, purpose: str = MARKETING, **who: str) -> str | None:
    answer = await shop.http.post("/v1/consents/check", json={"purpose": purpose, "recipients": [who]})
    refusal: str | None = answer.json()["data"][0]["refusal"]
    return refusal


async def link(shop: Shop, person: str, *, merge: bool = False, **who: str) -> Any:
    body = {"reason": "same_customer", "merge": merge} | who
    return await shop.http.post(f"/v1/people/{person}/aliases", json=body)


async def close(shop: Shop, person: dict[str, Any], reason: str = "line_closed", **more: Any) -> Any:
    [alias] = [one for one in person["aliases"] if one["kind"] == "phone" and one["closed_at"] is None]
    return await shop.http.post(
        f"/v1/people/{person['id']}/aliases/{alias['id']}/close", json={"reason": reason} | more
    )


async def test_a_person_is_found_by_number_and_shown_without_it(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to))
    await shop.act("suppressions", to, scope="all", by="tenant")

    found = await find(shop, to=to)
    read = await shop.http.get(f"/v1/people/{found['id']}")

    assert found == read.json()
    assert [("phone", to[-4:], None)] == [(one["kind"], one["last4"], one["closed_at"]) for one in found["aliases"]]
    [campaign] = [one for one in found["purposes"] if one["purpose"] == MARKETING]
    assert ("given", "given", None) == (
        campaign["consent"]["act"],
        campaign["approval"]["act"],
        campaign.get("basis"),
    )
    assert ("suppressed", "scope:all") == (campaign["refusal"], campaign["refused_for"])
    assert [("all", "tenant")] == [(one["scope"], one["raised_by"]) for one in found["suppressions"]]
    assert ("natural", []) == (found["party_type"], found["merged"])
    assert to not in read.text


async def test_nobody_is_found_by_what_nobody_has(shop: Shop) -> None:
    answers = [
        await shop.http.post("/v1/people/find", json=who)
        for who in ({"to": phone()}, {"to": "12"}, {}, {"to": phone(), "user_id": user_id()})
    ]

    assert [(404, "not_found"), *[(422, "invalid_number")] * 3] == [code(answer) for answer in answers]


async def test_a_linked_user_id_has_the_consents_of_its_person(shop: Shop) -> None:
    to, bsuid = phone(), user_id()
    await shop.record(*shop.both(to))
    person = await find(shop, to=to)

    linked = await link(shop, person["id"], user_id=bsuid)
    again = await link(shop, person["id"], user_id=bsuid)

    assert (200, 200) == (linked.status_code, again.status_code)
    assert await verdict(shop, user_id=bsuid) is None
    assert person["id"] == (await find(shop, user_id=bsuid))["id"]
    assert [None, to[-4:]] == sorted([one["last4"] for one in again.json()["aliases"]], key=lambda x: x or "")
    assert [("person.linked", person["id"])] == [
        (action, what) for action, _, what in await shop.desk.audit(shop.id) if action.startswith("person.")
    ]


async def test_an_alias_of_somebody_else_is_only_taken_when_both_are_said_to_be_one(shop: Shop) -> None:
    to, bsuid = phone(), user_id()
    await shop.record(*shop.both(to))
    row = shop.consent(to)
    del row["to"]
    await shop.record(row | {"user_id": bsuid})
    person, other = await find(shop, to=to), await find(shop, user_id=bsuid)

    refused = await link(shop, person["id"], user_id=bsuid)
    merged = await link(shop, person["id"], user_id=bsuid, merge=True)

    assert (409, "alias_taken") == code(refused)
    assert (person["id"], [other["id"]]) == (merged.json()["id"], merged.json()["merged"])
    assert merged.json() == (await shop.http.get(f"/v1/people/{other['id']}")).json()


async def test_what_either_of_two_people_withdrew_holds_for_the_one_they_are(shop: Shop) -> None:
    to, bsuid = phone(), user_id()
    await shop.record(*shop.both(to))
    await shop.http.post(
        "/v1/consents/withdraw",
        json={
            "people": [{"user_id": bsuid}],
            "channel": "api",
            "purposes": [MARKETING],
            "occurred_at": (EARLIER - timedelta(days=300)).isoformat(),
        },
    )
    person, other = await find(shop, to=to), await find(shop, user_id=bsuid)

    await link(shop, person["id"], user_id=bsuid, merge=True)
    after_link = [await verdict(shop, to=to), await verdict(shop, user_id=bsuid)]
    await shop.record(*shop.both(to))
    after_an_old_row = await verdict(shop, to=to)
    await shop.record(*shop.both(to, occurred_at=NOW.isoformat()))

    assert ["consent_withdrawn"] * 2 == after_link
    assert "consent_withdrawn" == after_an_old_row
    assert [None, None] == [await verdict(shop, to=to), await verdict(shop, user_id=bsuid)]
    lines = (await shop.http.get(f"/v1/people/{person['id']}/consents")).json()["data"]
    originals = {one["id"]: one for one in lines}
    carried = [one for one in lines if one.get("carried_from")]
    assert {"explicit_consent", "commercial_approval"} == {one["record_kind"] for one in carried}
    assert all("withdrawn" == one["act"] == originals[one["carried_from"]]["act"] for one in carried)
    assert [("identity", "merged")] == [(o["record_kind"], o["act"]) for o in lines if o["record_kind"] == "identity"]
    assert lines == (await shop.http.get(f"/v1/people/{other['id']}/consents")).json()["data"]


async def test_consents_that_nobody_took_back_follow_with_their_proof(shop: Shop) -> None:
    to, bsuid = phone(), user_id()
    await shop.record(*shop.both(to))
    await shop.http.post("/v1/bases", json={"bases": [{"user_id": bsuid, "purpose": ORDERS, "reference": "10045"}]})
    survivor = await find(shop, user_id=bsuid)

    await link(shop, survivor["id"], to=to, merge=True)

    assert [None, None] == [await verdict(shop, user_id=bsuid), await verdict(shop, ORDERS, to=to)]
    stands = await shop.desk.rows(
        shop.id,
        "SELECT s.consent_notice_version_id, e.iys_transaction_id, c.act FROM consent_states AS s"
        " JOIN consent_events AS e ON e.id = s.approval_event_id JOIN consent_events AS c ON c.id = e.carried_from"
        " WHERE s.person_id = :person AND s.purpose_id = 7",
        person=decode("per", survivor["id"]),
    )
    assert [{"consent_notice_version_id": shop.version_id, "iys_transaction_id": "iys-1", "act": "given"}] == stands


@pytest.mark.parametrize("seed", range(12))
async def test_in_whatever_order_people_are_linked_a_stop_on_any_alias_stops_all(shop: Shop, seed: int) -> None:
    dice = random.Random(seed)
    names: list[dict[str, str]] = [{"to": phone()} for _ in range(3)] + [{"user_id": user_id()} for _ in range(2)]
    rows = []
    for one in names:
        for row in shop.both("x"):
            del row["to"]
            rows.append(row | one)
    await shop.record(*rows)
    stopped = dice.choice(names)
    kind = dice.choice(["suppression", "objection"])
    act = {"people": [stopped], "scope": "marketing", "channel": "api", "by": "person", "kind": kind}
    links = [(names[n], names[dice.randrange(n)]) for n in range(1, len(names))]
    dice.shuffle(links)
    when = dice.randrange(len(links) + 1)

    for at, (one, other) in enumerate(links):
        if at == when:
            await shop.http.post("/v1/suppressions", json=act)
        one, other = (one, other) if dice.random() < 0.5 else (other, one)
        await link(shop, (await find(shop, **one))["id"], merge=True, **other)
    if when == len(links):
        await shop.http.post("/v1/suppressions", json=act)

    expected = "objected" if kind == "objection" else "suppressed"
    assert [expected] * 5 == [await verdict(shop, **one) for one in names]
    assert 1 == len({(await find(shop, **one))["id"] for one in names})
    [lifted] = [await shop.http.post("/v1/suppressions/lift", json=act | {"people": [dice.choice(names)]})]
    assert 200 == lifted.status_code
    assert [None] * 5 == [await verdict(shop, **one) for one in names]


async def test_one_person_is_in_a_batch_once_under_all_their_names(shop: Shop) -> None:
    to, bsuid = phone(), user_id()
    await shop.record(*shop.both(to))
    await link(shop, (await find(shop, to=to))["id"], user_id=bsuid)

    answer = await shop.http.post(
        "/v1/consents/check", json={"purpose": MARKETING, "recipients": [{"to": to}, {"user_id": bsuid}]}
    )

    assert 1 == len({one["person_id"] for one in answer.json()["data"]})


async def test_a_number_that_two_people_use_is_one_person_here_and_stops_for_both(shop: Shop) -> None:
    """A shop's shared phone: whoever of them says stop, the number is stopped."""
    to, one, other = phone(), user_id(), user_id()
    await shop.record(*shop.both(to))
    person = (await find(shop, to=to))["id"]
    await link(shop, person, user_id=one)
    await link(shop, person, user_id=other)

    await shop.http.post(
        "/v1/suppressions",
        json={"people": [{"user_id": other}], "scope": "marketing", "channel": "api", "by": "person"},
    )

    assert ["suppressed"] * 3 == [
        await verdict(shop, **who) for who in ({"to": to}, {"user_id": one}, {"user_id": other})
    ]


@pytest.mark.covers("A4b")
async def test_a_closed_line_ends_what_was_agreed_and_its_next_holder_starts_with_nothing(shop: Shop) -> None:
    to, bsuid = phone(), user_id()
    await shop.record(*shop.both(to))
    person = await find(shop, to=to)
    await link(shop, person["id"], user_id=bsuid)

    closed = await close(shop, person)
    gone = await shop.http.post("/v1/people/find", json={"to": to})
    await shop.record(*shop.both(to))  # the old list is imported again
    old_list = await verdict(shop, to=to)
    holder = await find(shop, to=to)
    fresh = await shop.record(*shop.both(to, occurred_at=utc_now().isoformat()))

    assert "line_closed" == closed.json()["aliases"][0]["closed_reason"]
    assert "consent_invalidated" == await verdict(shop, user_id=bsuid)
    assert (404, "not_found") == code(gone)
    assert "consent_invalidated" == old_list
    assert person["id"] != holder["id"]
    assert holder["held_since"] is not None
    assert 200 == fresh.status_code
    assert await verdict(shop, to=to) is None


async def test_a_line_is_closed_once_and_only_on_its_own_person(shop: Shop) -> None:
    to, elsewhere = phone(), phone()
    await shop.record(*shop.both(to), *shop.both(elsewhere))
    person, other = await find(shop, to=to), await find(shop, to=elsewhere)
    alias = person["aliases"][0]["id"]

    foreign = await shop.http.post(f"/v1/people/{other['id']}/aliases/{alias}/close", json={"reason": "recycled"})
    first = await close(shop, person, "recycled")
    second = await shop.http.post(f"/v1/people/{person['id']}/aliases/{alias}/close", json={"reason": "recycled"})

    assert (404, "not_found") == code(foreign)
    assert 200 == first.status_code
    assert (409, "alias_closed") == code(second)


@pytest.mark.covers("A4b")
async def test_a_wrong_number_is_corrected_and_what_was_agreed_stays(shop: Shop) -> None:
    wrong, right, taken = phone(), phone(), phone()
    await shop.record(*shop.both(wrong), *shop.both(taken))
    person = await find(shop, to=wrong)
    alias = person["aliases"][0]["id"]
    path = f"/v1/people/{person['id']}/correct"

    refused = await shop.http.post(path, json={"alias": alias, "to": taken, "reason": "typing_error"})
    corrected = await shop.http.post(path, json={"alias": alias, "to": right, "reason": "typing_error"})

    assert (409, "alias_taken") == code(refused)
    assert [("wrong_number", wrong[-4:]), (None, right[-4:])] == [
        (one["closed_reason"], one["last4"]) for one in corrected.json()["aliases"]
    ]
    assert [None, "unknown_person"] == [await verdict(shop, to=right), await verdict(shop, to=wrong)]
    [(_, actor, what)] = [one for one in await shop.desk.audit(shop.id) if one[0] == "person.corrected"]
    assert person["id"] == what
    assert actor.startswith("key_")


@pytest.mark.covers("O17")
async def test_a_merchant_needs_no_prior_approval_but_consent_and_their_refusal_counts(shop: Shop) -> None:
    to = phone()
    await shop.record(shop.consent(to))
    person = await find(shop, to=to)
    path, seen = f"/v1/people/{person['id']}/party", [await verdict(shop, to=to)]

    unproven = await shop.http.put(path, json={"party_type": "legal", "reason": "b2b"})
    body = {"party_type": "legal", "reason": "b2b", "evidence": {"mersis": "0123456789000015"}}
    declared = await shop.http.put(path, json=body)
    seen.append(await verdict(shop, to=to))
    await shop.record(shop.approval(to, act="refused"))
    seen.append(await verdict(shop, to=to))

    assert (422, "party_unproven") == code(unproven)
    assert "legal" == declared.json()["party_type"]
    assert ["consent_not_given", None, "consent_not_given"] == seen
    assert "0123456789000015" not in declared.text
    async with shop.desk.run.db.begin(shop.id) as session:
        found = await find_person(session, shop.id, decode("per", person["id"]))
        assert found is not None
        row = (
            await session.execute(
                text("SELECT evidence_ct, evidence_digest FROM consent_events WHERE id = :id"),
                {"id": found.party_event_id},
            )
        ).one()
    assert found.salt is not None
    stored = Evidence(row.evidence_ct, row.evidence_digest)
    assert ({"mersis": "0123456789000015"}, True) == open_evidence(shop.keys, found.salt, found.id, stored)


@pytest.mark.covers("O17")
async def test_a_merchant_without_consent_is_not_written_to(shop: Shop) -> None:
    to = phone()
    await shop.record(shop.approval(to))
    person = await find(shop, to=to)

    body = {"party_type": "legal", "reason": "b2b", "evidence": {"tax_number": "1234567890"}}
    await shop.http.put(f"/v1/people/{person['id']}/party", json=body)

    assert "consent_not_given" == await verdict(shop, to=to)


async def test_a_natural_person_linked_to_a_merchant_keeps_their_right_to_be_asked(shop: Shop) -> None:
    to, bsuid = phone(), user_id()
    row = shop.consent(to)
    del row["to"]
    await shop.record(shop.consent(to), row | {"user_id": bsuid})
    person = await find(shop, to=to)
    body = {"party_type": "legal", "reason": "b2b", "evidence": {"tax_number": "1234567890"}}
    await shop.http.put(f"/v1/people/{person['id']}/party", json=body)

    await link(shop, person["id"], user_id=bsuid, merge=True)

    assert "consent_not_given" == await verdict(shop, to=to)


async def test_no_role_lifts_an_objection_without_an_act_of_the_person(
    shop: Shop, module_database: TestDatabase
) -> None:
    to = phone()
    await shop.act("suppressions", to, scope="all", kind="objection", by="person")
    person = await shop.person(to)
    connection = await asyncpg.connect(module_database.admin_url)
    statements = [
        f"UPDATE toplu.suppressions SET act = 'lifted' WHERE person_id = '{person}'",
        f"UPDATE toplu.suppressions SET raised_by = 'tenant' WHERE person_id = '{person}'",
        "INSERT INTO toplu.consent_events"
        " (id, tenant_id, person_id, record_kind, act, entity, scope, occurred_at, channel) VALUES"
        f" ('{new_id()}', '{shop.id}', '{person}', 'objection', 'lifted', 'tenant', 'all', now(), 'api')",
    ]

    try:
        for statement in statements:
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(statement)
    finally:
        await connection.close()

    assert "objected" == await shop.verdict(to)


async def test_an_erased_number_that_is_imported_again_stays_suppressed(
    shop: Shop, module_database: TestDatabase
) -> None:
    to, bsuid = phone(), user_id()
    await shop.record(*shop.both(to))
    await link(shop, (await find(shop, to=to))["id"], user_id=bsuid)
    await shop.act("suppressions", to, scope="marketing", by="person")
    person = await shop.person(to)
    connection = await asyncpg.connect(module_database.admin_url)
    try:
        await connection.execute("UPDATE toplu.people SET key_salt = NULL, erased_at = now() WHERE id = $1", person)
        await connection.execute("UPDATE toplu.aliases SET value_ct = NULL WHERE person_id = $1", person)
    finally:
        await connection.close()

    imported = await shop.record(*shop.both(to, occurred_at=NOW.isoformat()), on_invalid="skip")

    assert ["suppressed", "suppressed"] == [await verdict(shop, to=to), await verdict(shop, user_id=bsuid)]
    assert {"person_erased"} == {one["code"] for one in imported.json()["errors"]}
    shown = await find(shop, to=to)
    assert [None, None] == [one["last4"] for one in shown["aliases"]]


async def test_a_consent_older_than_its_purpose_lets_it_be_is_over(shop: Shop, module_database: TestDatabase) -> None:
    to = phone()
    await shop.record(*shop.both(to))
    aged = "UPDATE toplu.purposes SET consent_max_age_days = $1, version = version + 1 WHERE key = $2"
    connection = await asyncpg.connect(module_database.admin_url)
    try:
        await connection.execute(aged, 30, MARKETING)
        seen = [await shop.verdict(to)]
        await connection.execute("UPDATE toplu.business_clock SET shift = interval '31 days'")
        seen.append(await shop.verdict(to))
        purpose = (await shop.http.get(f"/v1/purposes/{MARKETING}")).json()
    finally:
        await connection.execute(aged, None, MARKETING)
        await connection.execute("UPDATE toplu.business_clock SET shift = interval '0'")
        await connection.close()

    assert [None, "consent_expired"] == seen
    assert 30 == purpose["consent_max_age_days"]


async def test_a_material_change_for_one_purpose_leaves_the_others(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to), *shop.both(to, purpose="new_product_announcement"))
    async with shop.desk.run.db.begin(shop.id) as session:
        await session.exec_driver_sql(
            "INSERT INTO notice_staleness (tenant_id, notice_version_id, stale_at, purpose_ids)"
            f" VALUES ('{shop.id}', '{shop.version_id}', business_now() - interval '1 minute', '{{4}}')"
        )

    assert [None, "notice_stale"] == [await shop.verdict(to), await shop.verdict(to, "new_product_announcement")]


async def test_people_of_another_tenant_cannot_be_linked_or_seen(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to))
    person = await find(shop, to=to)
    other = await open_shop(shop.desk)

    answers = [
        await other.http.get(f"/v1/people/{person['id']}"),
        await link(other, person["id"], user_id=user_id()),
        await close(other, person),
    ]

    assert [(404, "not_found")] * 3 == [code(answer) for answer in answers]
