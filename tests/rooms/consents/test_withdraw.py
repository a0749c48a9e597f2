from datetime import timedelta

import pytest

from tests.rooms.consents.build import (
    EARLIER,
    MARKETING,
    NOW,
    ORDERS,
    OTHER_MARKETING,
    Shop,
    code,
    open_shop,
    phone,
    pointers,
)

pytestmark = pytest.mark.anyio


async def test_a_withdrawal_is_in_effect_when_it_is_answered(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to), *shop.both(to, purpose=OTHER_MARKETING))

    answer = await shop.act("consents/withdraw", to, purposes=[MARKETING])

    assert {"recorded": 1, "rejected": 0, "errors": []} == answer.json()
    assert "consent_withdrawn" == await shop.verdict(to)
    assert await shop.verdict(to, OTHER_MARKETING) is None


async def test_a_withdrawal_that_names_no_purpose_is_for_all_that_rest_on_consent(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to), *shop.both(to, purpose=OTHER_MARKETING))

    await shop.act("consents/withdraw", to)

    assert ["consent_withdrawn"] * 3 == [
        await shop.verdict(to, purpose) for purpose in (MARKETING, OTHER_MARKETING, "usage_based_offer")
    ]
    assert "no_basis" == await shop.verdict(to, ORDERS)


async def test_a_late_grant_never_undoes_a_newer_withdrawal(shop: Shop) -> None:
    to = phone()
    await shop.act("consents/withdraw", to, occurred_at=EARLIER.isoformat())

    await shop.record(*shop.both(to, occurred_at=(EARLIER - timedelta(days=1)).isoformat()))
    after_late_grant = await shop.verdict(to)
    await shop.record(*shop.both(to, occurred_at=(EARLIER + timedelta(minutes=1)).isoformat()))

    assert "consent_withdrawn" == after_late_grant
    assert await shop.verdict(to) is None


@pytest.mark.parametrize("withdrawn_first", [True, False])
async def test_on_equal_times_the_withdrawal_wins(shop: Shop, withdrawn_first: bool) -> None:
    to, at = phone(), EARLIER.isoformat()

    if withdrawn_first:
        await shop.act("consents/withdraw", to, occurred_at=at)
    await shop.record(*shop.both(to, occurred_at=at))
    if not withdrawn_first:
        await shop.act("consents/withdraw", to, occurred_at=at)

    assert "consent_withdrawn" == await shop.verdict(to)


async def test_somebody_unknown_who_withdraws_stays_withdrawn_when_they_are_imported(shop: Shop) -> None:
    to = phone()

    await shop.act("consents/withdraw", to)
    await shop.record(*shop.both(to))

    assert "consent_withdrawn" == await shop.verdict(to)


async def test_only_consent_can_be_withdrawn(shop: Shop) -> None:
    contract = await shop.act("consents/withdraw", phone(), purposes=[MARKETING, ORDERS])
    unknown = await shop.act("consents/withdraw", phone(), purposes=["other"])

    assert [("/purposes/1", "consent_not_applicable")] == pointers(contract)
    assert [("/purposes/0", "unknown_purpose")] == pointers(unknown)


async def test_a_withdrawal_in_the_future_is_refused(shop: Shop) -> None:
    answer = await shop.act("consents/withdraw", phone(), occurred_at=(NOW + timedelta(hours=1)).isoformat())

    assert (422, "time_out_of_range") == code(answer)
    assert [("/occurred_at", "time_out_of_range")] == pointers(answer)


async def test_one_who_cannot_be_read_stops_nobody_elses_withdrawal_when_skipped(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to))
    people = [{"to": "1"}, {"to": to}, {}]

    rejected = await shop.http.post("/v1/consents/withdraw", json={"people": people, "channel": "api"})
    still = await shop.verdict(to)
    skipped = await shop.http.post(
        "/v1/consents/withdraw", json={"people": people, "channel": "api", "on_invalid": "skip"}
    )

    assert (422, "invalid_number") == code(rejected)
    assert ["/people/0/to", "/people/2/to"] == [pointer for pointer, _ in pointers(rejected)]
    assert still is None
    assert (1, 2) == (skipped.json()["recorded"], skipped.json()["rejected"])
    assert "consent_withdrawn" == await shop.verdict(to)


async def test_an_act_that_restricts_raises_the_gate_version_and_a_grant_does_not(shop: Shop) -> None:
    to = phone()
    person = await shop.person(to)

    async def version() -> int:
        rows = await shop.desk.rows(shop.id, "SELECT gate_version FROM people WHERE id = :p", p=person)
        return int(rows[0]["gate_version"])

    seen = [await version()]
    await shop.record(*shop.both(to))
    seen.append(await version())
    await shop.record(shop.consent(to, act="refused"))
    seen.append(await version())
    await shop.act("consents/withdraw", to)
    seen.append(await version())
    await shop.act("suppressions", to, scope="marketing", by="person")
    seen.append(await version())
    await shop.act("suppressions/lift", to, scope="marketing", by="person")
    seen.append(await version())
    await shop.http.post("/v1/bases", json={"bases": [{"to": to, "purpose": ORDERS, "reference": "1"}]})
    seen.append(await version())
    await shop.http.post("/v1/bases/end", json={"bases": [{"to": to, "purpose": ORDERS}]})
    seen.append(await version())

    assert [0, 0, 1, 2, 3, 3, 3, 4] == seen


async def test_a_persons_ledger_shows_every_act_in_order_and_only_to_its_tenant(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to, evidence={"form": "1"}))
    await shop.act("consents/withdraw", to, purposes=[MARKETING], method="phone_call")
    await shop.act("suppressions", to, scope="all", by="person")
    checked = await shop.http.post("/v1/consents/check", json={"purpose": MARKETING, "recipients": [{"to": to}]})
    path = f"/v1/people/{checked.json()['data'][0]['person_id']}/consents"
    stranger = await open_shop(shop.desk)

    first = (await shop.http.get(path, params={"limit": 3})).json()
    second = (await shop.http.get(path, params={"limit": 3, "cursor": first["next_cursor"]})).json()

    acts = [(one["record_kind"], one["act"], one["entity"]) for one in [*first["data"], *second["data"]]]
    assert [
        ("explicit_consent", "given", "person"),
        ("commercial_approval", "given", "person"),
        ("explicit_consent", "withdrawn", "person"),
        ("commercial_approval", "withdrawn", "person"),
        ("suppression", "raised", "person"),
    ] == acts
    assert (True, False) == (first["has_more"], second["has_more"])
    given = first["data"][0]
    assert (MARKETING, 2, shop.notice_version, 64) == (
        given["purpose"],
        given["purpose_version"],
        given["notice_version_id"],
        len(given["evidence_digest"]),
    )
    assert "evidence_ct" not in given
    assert to not in str(first) + str(second)
    assert 404 == (await stranger.http.get(path)).status_code
    assert 404 == (await shop.http.get("/v1/people/per_nobody/consents")).status_code
