from datetime import timedelta
from typing import Any

import pytest

from app.consents.record import record
from tests.rooms.consents.build import (
    CONSENT_ONLY,
    EARLIER,
    MARKETING,
    NOW,
    ORDERS,
    OTHER_MARKETING,
    SURVEY,
    Shop,
    code,
    open_shop,
    phone,
    pointers,
)

pytestmark = pytest.mark.anyio


async def test_consent_and_approval_together_open_the_gate(shop: Shop) -> None:
    to = phone()

    before = await shop.verdict(to)
    consent = await shop.record(shop.consent(to))
    between = await shop.verdict(to)
    approval = await shop.record(shop.approval(to))

    assert ("unknown_person", "consent_not_given") == (before, between)
    assert {"recorded": 1, "rejected": 0, "errors": [], "not_counted": []} == consent.json() == approval.json()
    assert await shop.verdict(to) is None
    assert "consent_not_given" == await shop.verdict(to, OTHER_MARKETING)


async def test_a_consent_without_commercial_messages_needs_no_approval(shop: Shop) -> None:
    to = phone()

    refused = await shop.record(shop.approval(to, purpose=CONSENT_ONLY))

    assert (422, "approval_not_applicable") == code(refused)
    assert [("/consents/0/purpose", "approval_not_applicable")] == pointers(refused)
    assert 200 == (await shop.record(shop.consent(to, purpose=CONSENT_ONLY))).status_code


@pytest.mark.parametrize("kind", ["explicit_consent", "commercial_approval"])
async def test_consent_for_a_purpose_that_does_not_rest_on_it_is_refused(shop: Shop, kind: str) -> None:
    to = phone()

    answer = await shop.record(shop.consent(to, purpose=ORDERS, kind=kind))

    assert (422, "consent_not_applicable") == code(answer)
    assert [("/consents/0/purpose", "consent_not_applicable")] == pointers(answer)
    assert to not in answer.text
    assert "unknown_person" == await shop.verdict(to, ORDERS)


@pytest.mark.parametrize(
    ("change", "pointer", "expected"),
    [
        ({"purpose": "other"}, "purpose", "unknown_purpose"),
        ({"purpose": SURVEY}, "notice_version_id", "notice_does_not_cover_purpose"),
        ({"notice_version_id": "ntv_01h455vb4pex5vsknk084sn02q"}, "notice_version_id", "unknown_notice_version"),
        ({"notice_version_id": "ntc_01h455vb4pex5vsknk084sn02q"}, "notice_version_id", "id_invalid"),
        ({"notice_version_id": ...}, "notice_version_id", "notice_version_missing"),
        ({"method": ...}, "method", "method_missing"),
        ({"method": "Ayşe dedi ki"}, "method", "string_pattern_mismatch"),
        ({"act": ...}, "act", "missing"),
        ({"act": "withdrawn"}, "act", "literal_error"),
        ({"channel": ...}, "channel", "missing"),
        ({"channel": "fax"}, "channel", "literal_error"),
        ({"occurred_at": ...}, "occurred_at", "missing"),
        ({"occurred_at": "2026-01-05T10:00:00"}, "occurred_at", "timezone_aware"),
        ({"occurred_at": 1767600000}, "occurred_at", "datetime_type"),
        ({"occurred_at": "2015-04-30T23:59:59+03:00"}, "occurred_at", "time_out_of_range"),
        ({"occurred_at": (NOW + timedelta(hours=1)).isoformat()}, "occurred_at", "time_out_of_range"),
        ({"valid_until": EARLIER.isoformat()}, "valid_until", "time_out_of_range"),
        ({"valid_until": "9999-12-31T23:59:59-12:00"}, "valid_until", "time_out_of_range"),
        ({"to": "12"}, "to", "invalid_number"),
        ({"to": ...}, "to", "invalid_number"),
        ({"user_id": "TR.1", "to": "+905320000000"}, "user_id", "invalid_number"),
        ({"user_id": "nobody", "to": ...}, "user_id", "invalid_number"),
        ({"evidence": {"form": 1}}, "evidence/form", "string_type"),
        ({"evidence": {"note": "\ud800"}}, "evidence/note", "string_unicode"),
        ({"double_opt_in": True}, "double_opt_in", "extra_forbidden"),
    ],
)
async def test_a_consent_that_proves_nothing_is_refused(
    shop: Shop, change: dict[str, Any], pointer: str, expected: str
) -> None:
    to = phone()
    row = {key: value for key, value in (shop.consent(to) | change).items() if value is not ...}

    answer = await shop.record(row)

    assert 422 == answer.status_code
    assert [(f"/consents/0/{pointer}", expected)] == pointers(answer)
    assert to not in answer.text
    assert "unknown_person" == await shop.verdict(to)


@pytest.mark.parametrize(
    ("change", "pointer", "expected"),
    [
        ({"iys": ...}, "iys", "iys_attestation_missing"),
        ({"iys": {"transaction_id": "1"}}, "iys/date", "missing"),
        (
            {"iys": {"transaction_id": "Ayşe Yılmaz", "date": "2026-01-05"}},
            "iys/transaction_id",
            "string_pattern_mismatch",
        ),
        ({"iys": {"transaction_id": "1", "date": "2126-01-05"}}, "iys/date", "time_out_of_range"),
    ],
)
async def test_an_approval_is_attested(shop: Shop, change: dict[str, Any], pointer: str, expected: str) -> None:
    row = {key: value for key, value in (shop.approval(phone()) | change).items() if value is not ...}

    answer = await shop.record(row)

    assert [(f"/consents/0/{pointer}", expected)] == pointers(answer)


async def test_with_attestation_off_an_approval_stands_alone(shop: Shop) -> None:
    to = phone()
    rows = [shop.row(to), shop.row(to, kind="commercial_approval", iys=None)]

    async with shop.desk.run.db.begin(shop.id) as session:
        outcome = await record(session, shop.id, shop.keys, rows, api_key_id=None, iys_attested=False)

    assert (2, ()) == (outcome.recorded, tuple(outcome.faults))
    assert await shop.verdict(to) is None


async def test_one_bad_row_and_nothing_is_recorded(shop: Shop) -> None:
    good, bad = phone(), phone()

    answer = await shop.record(shop.consent(good), shop.consent(bad, purpose=ORDERS), {"to": 5}, "no row")

    assert (422, "validation_failed") == code(answer)
    assert ["/consents/2/to", "/consents/3"] == [pointer for pointer, _ in pointers(answer)]
    assert "unknown_person" == await shop.verdict(good)


async def test_rows_that_are_wrong_in_different_ways_share_one_answer(shop: Shop) -> None:
    answer = await shop.record(shop.consent("1"), shop.consent(phone(), purpose=ORDERS))

    assert (422, "rows_invalid") == code(answer)
    assert [("/consents/0/to", "invalid_number"), ("/consents/1/purpose", "consent_not_applicable")] == pointers(answer)


async def test_the_other_rows_are_recorded_when_bad_ones_are_skipped(shop: Shop) -> None:
    good, bad = phone(), phone()
    rows = [{"to": 5}, *shop.both(good), shop.consent(bad, purpose=ORDERS), shop.consent("x")]

    answer = await shop.record(*rows, on_invalid="skip")

    told = answer.json()
    assert (200, 2, 3) == (answer.status_code, told["recorded"], told["rejected"])
    assert [(0, "/consents/0/to"), (3, "/consents/3/purpose"), (4, "/consents/4/to")] == [
        (one["index"], one["pointer"]) for one in told["errors"]
    ]
    assert await shop.verdict(good) is None
    assert "unknown_person" == await shop.verdict(bad)


async def test_a_call_takes_ten_thousand_rows_and_no_more(shop: Shop) -> None:
    many = [shop.consent(f"+90533{number:07d}", occurred_at="2026-01-05T10:00:00Z") for number in range(10_000)]

    taken = await shop.record(*many)
    refused = await shop.record(*many, many[0])

    assert (200, 10_000) == (taken.status_code, taken.json()["recorded"])
    assert (422, [("/consents", "too_long")]) == (refused.status_code, pointers(refused))
    assert 422 == (await shop.record()).status_code


async def test_the_newest_act_counts_in_whatever_order_acts_arrive(shop: Shop) -> None:
    to, late = phone(), (EARLIER + timedelta(minutes=5)).isoformat()
    await shop.record(*shop.both(to, occurred_at=late))

    await shop.record(shop.consent(to, act="refused"))
    after_older_refusal = await shop.verdict(to)
    await shop.record(shop.consent(to, act="refused", occurred_at=late))

    assert after_older_refusal is None
    assert "consent_not_given" == await shop.verdict(to)


async def test_several_rows_of_one_person_in_one_call_are_folded(shop: Shop) -> None:
    to = phone()
    times = [(EARLIER + timedelta(minutes=minute)).isoformat() for minute in range(3)]

    await shop.record(
        shop.approval(to),
        shop.consent(to, occurred_at=times[2]),
        shop.consent(to, act="refused", occurred_at=times[1]),
        shop.consent(to, occurred_at=times[0]),
        shop.consent(f"0532 {to[6:9]} {to[9:11]} {to[11:]}", occurred_at=times[0]),
    )

    assert await shop.verdict(to) is None


@pytest.mark.parametrize("acts", [["given", "refused"], ["refused", "given"]])
async def test_of_equal_times_in_one_call_the_refusal_counts(shop: Shop, acts: list[str]) -> None:
    to = phone()

    await shop.record(shop.approval(to), *(shop.consent(to, act=act) for act in acts))

    assert "consent_not_given" == await shop.verdict(to)


async def test_a_repeated_act_is_appended_and_changes_nothing(shop: Shop) -> None:
    to = phone()
    person = await shop.person(to)
    rows = shop.both(to)

    await shop.record(*rows)
    first = await shop.desk.rows(
        shop.id, "SELECT consent_act, consent_at FROM consent_states WHERE person_id = :p", p=person
    )
    await shop.record(*rows)
    second = await shop.desk.rows(
        shop.id, "SELECT consent_act, consent_at FROM consent_states WHERE person_id = :p", p=person
    )

    events = await shop.desk.rows(shop.id, "SELECT id FROM consent_events WHERE person_id = :p", p=person)
    assert (4, first) == (len(events), second)


async def test_a_call_repeated_under_its_key_is_recorded_once(shop: Shop) -> None:
    to = phone()
    person = await shop.person(to)
    body = {"consents": shop.both(to)}

    answers = [
        await shop.http.post("/v1/consents", json=body, headers={"idempotency-key": "import-1"}) for _ in range(2)
    ]

    events = await shop.desk.rows(shop.id, "SELECT id FROM consent_events WHERE person_id = :p", p=person)
    assert (2, answers[0].json()) == (len(events), answers[1].json())
    assert ["true"] == [one.headers["idempotency-replay"] for one in answers if "idempotency-replay" in one.headers]


async def test_a_consent_for_a_time_ends_with_it(shop: Shop) -> None:
    to = phone()

    await shop.record(*shop.both(to), shop.consent(to, valid_until=(EARLIER + timedelta(minutes=1)).isoformat()))

    assert "consent_expired" == await shop.verdict(to)


async def test_a_key_that_may_only_read_records_nothing(shop: Shop) -> None:
    _, key = await shop.desk.key(shop.id, ["consents:read"])
    reader = shop.desk.client({"authorization": f"Bearer {key}"})

    answers = [
        await reader.post(path, json={})
        for path in ("/v1/consents", "/v1/consents/withdraw", "/v1/bases", "/v1/bases/end", "/v1/suppressions")
    ]

    assert [(403, "scope_missing")] * 5 == [code(answer) for answer in answers]


async def test_a_notice_of_another_tenant_is_no_notice(shop: Shop) -> None:
    other = await open_shop(shop.desk)

    answer = await shop.record(shop.consent(phone(), notice_version_id=other.notice_version))

    assert [("/consents/0/notice_version_id", "unknown_notice_version")] == pointers(answer)
    assert MARKETING not in answer.text
