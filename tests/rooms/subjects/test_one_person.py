"""Two people who turned out to be one are exported and erased as one: each had a key and names of their own."""

from typing import Any

import asyncpg
import pytest

from tests.conftest import TestDatabase
from tests.house import House, phone

pytestmark = pytest.mark.anyio


async def person_of(house: House, to: str) -> str:
    check = {"purpose": "campaign_information", "recipients": [{"to": to}]}
    found: str = (await house.client.post("/v1/consents/check", json=check)).json()["data"][0]["person_id"]
    return found


async def merged(house: House) -> tuple[str, str]:
    """The person that stays, and the one who was absorbed; both consented, and a message waits for each."""
    await house.consent(phone(1), phone(2))
    await house.send(phone(1), phone(2))
    stays, absorbed = await person_of(house, phone(1)), await person_of(house, phone(2))
    link = {"to": phone(2), "reason": "same_person", "merge": True}
    answer = await house.client.post(f"/v1/people/{stays}/aliases", json=link)
    assert answer.is_success, answer.text
    return stays, absorbed


async def export(house: House, person: str) -> dict[str, Any]:
    answer = await house.client.post(f"/v1/people/{person}/export", json={"reason": "request"})
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body


@pytest.mark.parametrize("asked", [0, 1])
async def test_an_export_shows_both_sides_of_one_person(api_only: House, asked: int) -> None:
    person = (await merged(api_only))[asked]

    body = await export(api_only, person)

    assert {phone(1), phone(2)} == {one["value"] for one in body["aliases"]}
    assert [{"first_name": "Ayşe"}] * 2 == [one["variables"] for one in body["messages"]]


@pytest.mark.parametrize("asked", [0, 1])
async def test_erasing_destroys_every_key_and_name_of_one_person(
    api_only: House, database: TestDatabase, asked: int
) -> None:
    person = (await merged(api_only))[asked]

    answer = await api_only.client.post(f"/v1/people/{person}/erase", json={"reason": "request"})

    assert answer.is_success, answer.text
    admin = await asyncpg.connect(database.admin_url)
    left = await admin.fetchval("SELECT count(*) FROM toplu.people WHERE key_salt IS NOT NULL")
    named = await admin.fetchval("SELECT count(*) FROM toplu.aliases WHERE value_ct IS NOT NULL")
    queued = await admin.fetchval("SELECT count(*) FROM toplu.dispatch")
    await admin.close()
    assert (0, 0, 0) == (left, named, queued)
