"""One person, whatever they are known by: found, and linked."""

import random
from datetime import timedelta

import pytest

from app.kit.ids import decode
from tests.rooms.consents.build import EARLIER, MARKETING, NOW, ORDERS, Shop, code, open_shop, phone
from tests.rooms.consents.names import close, find, link, user_id, verdict

pytestmark = pytest.mark.anyio


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
