"""Who was shown which notice and when: lines of the ledger from which nothing follows for a message."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.kit.clock import utc_now
from tests.notice import blocks_of, notice_of
from tests.rooms.consents.build import EARLIER, MARKETING, Shop, code, open_shop, phone, pointers

pytestmark = pytest.mark.anyio


def shown(shop: Shop, to: str, **more: Any) -> dict[str, Any]:
    """Shown just now, and acknowledged."""
    now = utc_now().isoformat()
    return {
        "to": to,
        "notice_version_id": shop.notice_version,
        "shown_at": now,
        "acknowledged_at": now,
        "channel": "web_form",
        "method": "read_and_understood_box",
    } | more


def only_shown(shop: Shop, to: str, **more: Any) -> dict[str, Any]:
    row = shown(shop, to, **more)
    del row["acknowledged_at"], row["method"]
    return row


async def record(shop: Shop, *rows: dict[str, Any], **more: Any) -> Any:
    return await shop.http.post("/v1/acknowledgements", json={"acknowledgements": list(rows)} | more)


async def path_of(shop: Shop) -> str:
    notice = (await shop.http.get("/v1/notices")).json()["data"][0]["id"]
    return f"/v1/notices/{notice}/versions/1/acknowledgements"


@pytest.mark.covers("O20")
async def test_who_was_shown_what_and_when_is_in_the_ledger(shop: Shop) -> None:
    both, one = phone(), phone()

    recorded = await record(shop, shown(shop, both), only_shown(shop, one))

    assert {"recorded": 2, "rejected": 0, "errors": []} == recorded.json()
    lines = (await shop.http.get(f"/v1/people/{await person_id(shop, both)}/consents")).json()["data"]
    assert [("notice_acknowledgement", "shown", "tenant"), ("notice_acknowledgement", "acknowledged", "person")] == [
        (line["record_kind"], line["act"], line["entity"]) for line in lines
    ]
    assert {shop.notice_version} == {line["notice_version_id"] for line in lines}
    assert [None, "read_and_understood_box"] == [line["method"] for line in lines]
    summary = (await shop.http.get(f"{await path_of(shop)}/summary")).json()
    assert {"shown": 2, "acknowledged": 1, "people_shown": 2, "people_acknowledged": 1} == summary


async def person_id(shop: Shop, to: str) -> str:
    asked = {"purpose": MARKETING, "recipients": [{"to": to}]}
    return str((await shop.http.post("/v1/consents/check", json=asked)).json()["data"][0]["person_id"])


@pytest.mark.covers("O20")
async def test_an_acknowledgement_opens_nothing_and_disturbs_no_state(shop: Shop) -> None:
    nobody, consenting = phone(), phone()
    await shop.record(*shop.both(consenting))

    await record(shop, shown(shop, nobody), shown(shop, consenting))

    assert ("consent_not_given", None) == (await shop.verdict(nobody), await shop.verdict(consenting))


async def test_the_page_tells_the_language_and_goes_on_where_it_ended(shop: Shop) -> None:
    english = {"language": "en", "title": "Notice", "body": "We process your data.", "blocks": blocks_of([MARKETING])}
    made = await shop.http.post("/v1/notices", json=notice_of(MARKETING, name="iki", translations=[english]))
    latest = made.json()["latest_version"]
    ids = [latest["id"], latest["other_languages"][0]["id"]]
    path = f"{made.headers['location']}/versions/1/acknowledgements"
    await record(shop, *(only_shown(shop, phone(), notice_version_id=ids[n % 2]) for n in range(5)))

    first = (await shop.http.get(path, params={"limit": 3})).json()
    second = (await shop.http.get(path, params={"limit": 3, "cursor": first["next_cursor"]})).json()

    assert ["tr", "en", "tr", "en", "tr"] == [one["language"] for one in first["data"] + second["data"]]
    assert (True, False) == (first["has_more"], second["has_more"])
    assert 5 == (await shop.http.get(f"{path}/summary")).json()["shown"]


@pytest.mark.covers("O20")
@pytest.mark.parametrize("method", ["accepted", "i_agree_box", "kabul_edildi", "onay_kutusu", "acik_riza"])
async def test_a_notice_cannot_be_recorded_as_accepted(shop: Shop, method: str) -> None:
    answer = await record(shop, shown(shop, phone(), method=method))

    assert (422, "notice_not_accepted") == code(answer)
    assert [("/acknowledgements/0/method", "notice_not_accepted")] == pointers(answer)


@pytest.mark.parametrize(
    ("more", "field", "wrong"),
    [
        ({"to": "123"}, "to", "invalid_number"),
        ({"notice_version_id": "ntv_01h455vb4pex5vsknk084sn02q"}, "notice_version_id", "unknown_notice_version"),
        ({"shown_at": "2024-12-31T00:00:00Z"}, "shown_at", "notice_too_new"),
        ({"shown_at": "2099-01-01T00:00:00Z"}, "shown_at", "time_out_of_range"),
        ({"acknowledged_at": EARLIER.isoformat()}, "acknowledged_at", "time_out_of_range"),
        ({"accepted_at": EARLIER.isoformat()}, "accepted_at", "extra_forbidden"),
    ],
)
async def test_what_cannot_be_is_pointed_at_and_the_rest_recorded_on_request(
    shop: Shop, more: dict[str, Any], field: str, wrong: str
) -> None:
    bad, good = shown(shop, phone()) | more, shown(shop, phone())

    refused = await record(shop, good, bad)
    skipped = await record(shop, good, bad, on_invalid="skip")

    assert [(f"/acknowledgements/1/{field}", wrong)] == pointers(refused)
    assert (1, [1]) == (skipped.json()["recorded"], [one["index"] for one in skipped.json()["errors"]])
    assert 1 == (await shop.http.get(f"{await path_of(shop)}/summary")).json()["acknowledged"]


async def test_another_tenants_notice_shows_nothing_and_cannot_be_acknowledged(shop: Shop) -> None:
    other = await open_shop(shop.desk)
    path = await path_of(other)

    answers = [await shop.http.get(path), await shop.http.get(f"{path}/summary")]
    answer = await record(shop, shown(other, phone()))

    assert [404, 404] == [one.status_code for one in answers]
    assert (422, "unknown_notice_version") == code(answer)


async def test_shown_stands_before_acknowledged_also_at_the_same_moment(shop: Shop) -> None:
    to = phone()
    at = utc_now()
    later = (at + timedelta(seconds=5)).isoformat()

    await record(shop, shown(shop, to, shown_at=at.isoformat(), acknowledged_at=later), shown(shop, to))

    lines = (await shop.http.get(await path_of(shop))).json()["data"]
    assert ["shown", "acknowledged"] * 2 == [line["act"] for line in lines]
    assert timedelta(seconds=5) == datetime.fromisoformat(lines[1]["occurred_at"]) - datetime.fromisoformat(
        lines[0]["occurred_at"]
    )
