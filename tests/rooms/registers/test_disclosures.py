"""Nothing goes to a third party without a law, and nothing to the media at all."""

from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from app.kit.ids import encode, new_id
from tests.rooms.desk import Desk
from tests.rooms.registers.entries import NEW

pytestmark = pytest.mark.anyio

PATH = "/v1/registers/disclosures"
LAWFUL = NEW["disclosures"]


@pytest.mark.parametrize(
    "category", [pytest.param("media", marks=pytest.mark.covers("O12")), pytest.param("advertising")]
)
async def test_some_recipients_are_refused_whatever_the_law_that_is_named(desk: Desk, category: str) -> None:
    tenant = await desk.tenant()

    answer = await tenant.http.post(PATH, json=LAWFUL | {"category": category})

    assert (422, "disclosure_refused") == (answer.status_code, answer.json()["code"])
    assert "/category" == answer.json()["errors"][0]["pointer"]
    assert [] == await desk.rows(tenant.id, "SELECT id FROM disclosures")


@pytest.mark.covers("O12")
async def test_the_database_itself_has_no_place_for_a_disclosure_to_the_media(desk: Desk) -> None:
    tenant = await desk.tenant()

    with pytest.raises(DBAPIError, match="disclosures_category_check"):
        await desk.rows(
            tenant.id,
            "INSERT INTO disclosures (tenant_id, category, recipient, law, article, disclosed_at, data_categories,"
            " people_count) VALUES (CAST(:mine AS uuid), 'media', 'x', '6698', '8', now(), '{contact}', 1)"
            " RETURNING id",
            mine=tenant.id,
        )


@pytest.mark.covers("O10")
@pytest.mark.parametrize(
    ("missing", "wrong"), [("law", {}), ("article", {}), ("law", {"law": "bir kanun"}), ("article", {"article": " "})]
)
async def test_without_a_legal_reference_nothing_is_entered(desk: Desk, missing: str, wrong: dict[str, Any]) -> None:
    tenant = await desk.tenant()
    body = {name: value for name, value in LAWFUL.items() if name != missing} | wrong

    answer = await tenant.http.post(PATH, json=body)

    assert (422, f"/{missing}") == (answer.status_code, answer.json()["errors"][0]["pointer"])
    assert [] == await desk.rows(tenant.id, "SELECT id FROM disclosures")


@pytest.mark.covers("O10")
async def test_a_disclosure_keeps_its_law_and_whom_it_was_about_and_never_changes(desk: Desk) -> None:
    tenant = await desk.tenant()
    person = encode("per", new_id())

    made = (await tenant.http.post(PATH, json=LAWFUL | {"people": [person], "purposes": ["legal_follow_up"]})).json()
    changed = await tenant.http.patch(f"{PATH}/{made['id']}", json={"article": "1"})

    assert ("5271", "332", [person]) == (made["law"], made["article"], made["people"])
    assert 405 == changed.status_code
    with pytest.raises(DBAPIError, match=r"permission denied|append-only"):
        await desk.rows(tenant.id, "UPDATE disclosures SET article = '1' RETURNING id")
