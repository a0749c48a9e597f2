"""What a person asks has a clock, an end, and words that only their key opens."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.house import House, phone

pytestmark = pytest.mark.anyio

ASKED = {
    "kind": "purpose_conformity",
    "channel": "kep",
    "identity_check": "kep",
    "received_at": "2026-11-01T09:00:00+03:00",
    "details": "Verilerim amacına uygun kullanıldı mı?",
}


async def person_of(house: House, number: str) -> str:
    stop = {"people": [{"to": number}], "scope": "marketing", "channel": "api", "by": "person"}
    assert (await house.client.post("/v1/suppressions", json=stop)).is_success
    check = {"purpose": "campaign_information", "recipients": [{"to": number}]}
    verdict = (await house.client.post("/v1/consents/check", json=check)).json()["data"][0]
    return str(verdict["person_id"])


async def ask(house: House, person: str, **more: Any) -> dict[str, Any]:
    answer = await house.client.post(f"/v1/people/{person}/requests", json=ASKED | more)
    assert 201 == answer.status_code, answer.text
    body: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/v1/requests/{body['id']}"
    return body


async def test_a_request_is_due_thirty_days_after_it_was_received_and_warned_of_after_twenty(api_only: House) -> None:
    person = await person_of(api_only, phone(1))

    asked = await ask(api_only, person)

    received = datetime.fromisoformat(asked["received_at"])
    assert datetime.fromisoformat(ASKED["received_at"]) == received
    assert received + timedelta(days=20) == datetime.fromisoformat(asked["warn_at"])
    assert received + timedelta(days=30) == datetime.fromisoformat(asked["due_at"])
    assert ("open", "6698 m.11/1-c", ASKED["details"]) == (asked["state"], asked["article"], asked["details"])


async def test_the_clock_is_a_duty_until_the_request_is_closed(api_only: House) -> None:
    person = await person_of(api_only, phone(1))
    asked = await ask(api_only, person)

    before = await duties(api_only, "subject_request")
    await api_only.client.post(f"/v1/requests/{asked['id']}/answer", json={"outcome": "fulfilled", "answer": "Evet."})

    (due,) = before
    assert (datetime.fromisoformat(asked["due_at"]), None) == (due["due_at"], due["done_at"])
    assert [True] == [one["done_at"] is not None for one in await duties(api_only, "subject_request")]


async def duties(house: House, kind: str) -> list[dict[str, Any]]:
    async with house.run.db.begin(house.tenant.id) as session:
        rows = await session.execute(text("SELECT * FROM subject_duties_v1 WHERE kind = :kind"), {"kind": kind})
        return [dict(row) for row in rows.mappings()]


async def test_a_request_is_closed_once_with_what_the_person_was_told(api_only: House) -> None:
    person = await person_of(api_only, phone(1))
    answered, refused = await ask(api_only, person), await ask(api_only, person, kind="erasure")

    told = await api_only.client.post(f"/v1/requests/{answered['id']}/answer", json={"outcome": "fulfilled"})
    said = {"ground": "kept_by_law", "answer": "6563 sayılı Kanun gereği saklanmaktadır."}
    no = await api_only.client.post(f"/v1/requests/{refused['id']}/refuse", json=said)
    again = await api_only.client.post(f"/v1/requests/{refused['id']}/answer", json={"outcome": "fulfilled"})
    without_reason = await api_only.client.post(f"/v1/requests/{answered['id']}/refuse", json={"ground": "unfounded"})

    assert ("answered", "fulfilled") == (told.json()["state"], told.json()["outcome"])
    assert ("refused", "kept_by_law", said["answer"]) == tuple(no.json()[f] for f in ("state", "outcome", "answer"))
    assert (409, "request_closed") == (again.status_code, again.json()["code"])
    assert 422 == without_reason.status_code
    open_ones = await api_only.get("/v1/requests", state="open")
    assert [] == open_ones["data"]
    assert [answered["id"]] == [one["id"] for one in (await api_only.get("/v1/requests", state="answered"))["data"]]


async def test_the_words_of_a_request_are_sealed_with_the_persons_key_and_end_with_it(api_only: House) -> None:
    person = await person_of(api_only, phone(1))
    asked = await ask(api_only, person, kind="erasure")

    erased = await api_only.client.post(
        f"/v1/people/{person}/erase", json={"reason": "request", "request": asked["id"]}
    )

    assert erased.is_success, erased.text
    shown = await api_only.get(f"/v1/requests/{asked['id']}")
    assert ("answered", "fulfilled", None) == (shown["state"], shown["outcome"], shown["details"])


async def test_a_request_of_another_person_is_not_answered_by_an_erasure_or_an_export(api_only: House) -> None:
    person, other = await person_of(api_only, phone(1)), await person_of(api_only, phone(2))
    asked = await ask(api_only, other)

    for act in ("erase", "export"):
        answer = await api_only.client.post(
            f"/v1/people/{person}/{act}", json={"reason": "request", "request": asked["id"]}
        )
        assert (404, "request_not_found") == (answer.status_code, answer.json()["code"])


@pytest.mark.parametrize("act", ["export", "erase"])
@pytest.mark.covers("O11")
async def test_without_its_own_permission_nobody_exports_or_erases(api_only: House, act: str) -> None:
    person = await person_of(api_only, phone(1))
    scopes = [
        "consents:read",
        "consents:write",
        "requests:write",
        "people:erase" if act == "export" else "people:export",
    ]
    issued = await api_only.client.post("/v1/api-keys", json={"name": "Az yetkili", "scopes": scopes})
    key = {"authorization": f"Bearer {issued.json()['key']}"}

    answer = await api_only.client.post(f"/v1/people/{person}/{act}", json={"reason": "request"}, headers=key)

    assert (403, "scope_missing") == (answer.status_code, answer.json()["code"])


async def test_an_export_says_why_or_is_refused(api_only: House) -> None:
    person = await person_of(api_only, phone(1))

    no_reason = await api_only.client.post(f"/v1/people/{person}/export", json={})
    no_type = await api_only.client.post(
        f"/v1/people/{person}/export", json={"reason": "request"}, headers={"accept": "application/pdf"}
    )

    assert 422 == no_reason.status_code
    assert (406, "not_acceptable") == (no_type.status_code, no_type.json()["code"])


async def test_a_person_is_erased_once_and_not_while_on_hold(api_only: House) -> None:
    person = await person_of(api_only, phone(1))
    hold = (await api_only.client.post(f"/v1/people/{person}/holds", json={"reason": "lawsuit"})).json()

    held = await api_only.client.post(f"/v1/people/{person}/erase", json={"reason": "request"})
    await api_only.client.post(f"/v1/holds/{hold['id']}/lift")
    gone = await api_only.client.post(f"/v1/people/{person}/erase", json={"reason": "request"})
    again = await api_only.client.post(f"/v1/people/{person}/erase", json={"reason": "request"})

    assert (409, "person_on_hold") == (held.status_code, held.json()["code"])
    assert gone.is_success
    assert (409, "person_already_erased") == (again.status_code, again.json()["code"])


async def test_an_erasure_says_what_is_gone_what_stays_and_what_is_left_to_do(api_only: House) -> None:
    person = await person_of(api_only, phone(1))

    gone = (await api_only.client.post(f"/v1/people/{person}/erase", json={"reason": "request"})).json()
    report = await api_only.get(f"/v1/destruction-runs/{gone['run']}")

    assert {"person_key": 1, "person_aliases": 1} == {one["what"]: one["size"] for one in gone["destroyed"]}
    assert {"person_key": 1, "person_aliases": 1} == {one["data_class"]: one["size"] for one in report["items"]}
    assert ("erasure", person) == (report["kind"], report["person"])
    assert all(one["law_references"] for one in gone["kept"] + report["items"])
    assert any("Backups" in one for one in gone["still_to_do"])
