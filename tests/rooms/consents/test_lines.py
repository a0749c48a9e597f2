"""A line changes hands, a number was wrong, a person turns out to be a merchant, or is erased."""

import asyncpg
import pytest
from sqlalchemy import text

from app.consents.acts import Evidence
from app.consents.evidence import open_evidence
from app.kit.clock import utc_now
from app.kit.ids import decode
from app.people.queries import find_person
from tests.conftest import TestDatabase
from tests.rooms.consents.build import NOW, Shop, code, phone
from tests.rooms.consents.names import close, find, link, user_id, verdict

pytestmark = pytest.mark.anyio


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
