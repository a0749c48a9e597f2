from datetime import timedelta

import pytest

from app.consents.assert_basis import assert_bases_of
from app.people.seal import alias_hash
from tests.rooms.consents.build import EARLIER, MARKETING, ORDERS, Shop, code, phone, pointers

pytestmark = pytest.mark.anyio


async def test_an_asserted_basis_opens_its_purpose_until_it_is_ended(shop: Shop) -> None:
    to = phone()
    row = {"to": to, "purpose": ORDERS}

    asserted = await shop.http.post("/v1/bases", json={"bases": [row | {"reference": "order 10045"}]})
    open_ = await shop.verdict(to, ORDERS)
    ended = await shop.http.post("/v1/bases/end", json={"bases": [row]})

    assert {"recorded": 1, "rejected": 0, "errors": []} == asserted.json() == ended.json()
    assert open_ is None
    assert "no_basis" == await shop.verdict(to, ORDERS)


async def test_a_basis_needs_a_reference_and_it_is_kept_sealed(shop: Shop) -> None:
    to = phone()

    bare = await shop.http.post("/v1/bases", json={"bases": [{"to": to, "purpose": ORDERS}]})
    row = {"to": to, "purpose": ORDERS, "reference": "order 10045", "law_article": "6698 m.5/2-c"}
    await shop.http.post("/v1/bases", json={"bases": [row]})

    stored = await shop.desk.rows(shop.id, "SELECT * FROM consent_events WHERE record_kind = 'basis_assertion'")
    assert [("/bases/0/reference", "missing")] == pointers(bare)
    assert (1, True) == (len(stored), stored[0]["evidence_digest"] is not None)
    assert b"10045" not in bytes(stored[0]["evidence_ct"])
    assert "10045" not in str(stored)


async def test_no_basis_stands_in_for_consent(shop: Shop) -> None:
    to = phone()
    row = {"to": to, "purpose": MARKETING}

    asserted = await shop.http.post("/v1/bases", json={"bases": [row | {"reference": "1"}]})
    ended = await shop.http.post("/v1/bases/end", json={"bases": [row]})

    assert [(422, "basis_not_applicable")] * 2 == [code(asserted), code(ended)]
    assert [("/bases/0/purpose", "basis_not_applicable")] == pointers(asserted)
    assert "unknown_person" == await shop.verdict(to)


async def test_a_basis_for_a_time_ends_with_it(shop: Shop) -> None:
    to = phone()
    row = {"to": to, "purpose": ORDERS, "reference": "1", "occurred_at": EARLIER.isoformat()}

    await shop.http.post("/v1/bases", json={"bases": [row | {"valid_until": (EARLIER + timedelta(1)).isoformat()}]})
    before = await shop.verdict(to, ORDERS)
    over = {"occurred_at": (EARLIER + timedelta(seconds=1)).isoformat()}
    over["valid_until"] = (EARLIER + timedelta(seconds=2)).isoformat()
    await shop.http.post("/v1/bases", json={"bases": [row | over]})

    assert before is None
    assert "no_basis" == await shop.verdict(to, ORDERS)


async def test_on_equal_times_the_end_of_a_basis_wins(shop: Shop) -> None:
    to, at = phone(), EARLIER.isoformat()
    row = {"to": to, "purpose": ORDERS, "occurred_at": at}

    await shop.http.post("/v1/bases/end", json={"bases": [row]})
    await shop.http.post("/v1/bases", json={"bases": [row | {"reference": "1"}]})

    assert "no_basis" == await shop.verdict(to, ORDERS)


async def test_bad_rows_are_skipped_when_asked(shop: Shop) -> None:
    to = phone()
    rows = [{"to": to, "purpose": ORDERS, "reference": "1"}, {"to": "x", "purpose": ORDERS, "reference": "1"}]

    answer = await shop.http.post("/v1/bases", json={"bases": rows, "on_invalid": "skip"})

    assert (1, ["/bases/1/to"]) == (answer.json()["recorded"], [one["pointer"] for one in answer.json()["errors"]])
    assert await shop.verdict(to, ORDERS) is None


async def test_recipients_bring_their_basis_along(shop: Shop) -> None:
    known, new = phone(), phone()
    await shop.person(known)
    named = {alias_hash(shop.keys, "phone", to): (("phone", to), "order 1") for to in (known, new)}

    async with shop.desk.run.db.begin(shop.id) as session:
        await assert_bases_of(session, shop.id, shop.keys, shop.purposes[ORDERS].id, named, api_key_id=None)

    assert [None, None] == [await shop.verdict(to, ORDERS) for to in (known, new)]


async def test_an_erased_person_gets_no_new_records_and_what_stops_messages_stays(shop: Shop) -> None:
    to = phone()
    person = await shop.person(to)
    await shop.act("suppressions", to, scope="all", by="person")
    async with shop.desk.run.db.begin(shop.id) as session:
        await session.exec_driver_sql(
            f"UPDATE people SET key_salt = NULL, erased_at = clock_timestamp() WHERE id = '{person}'"
        )

    consent = await shop.record(shop.consent(to))
    basis = await shop.http.post("/v1/bases", json={"bases": [{"to": to, "purpose": ORDERS, "reference": "1"}]})
    stopped = await shop.verdict(to)
    await shop.act("suppressions/lift", to, scope="all", by="person")

    assert [(422, "person_erased")] * 2 == [code(consent), code(basis)]
    assert "suppressed" == stopped
    assert "unknown_person" == await shop.verdict(to)
    assert 200 == (await shop.act("consents/withdraw", to)).status_code
