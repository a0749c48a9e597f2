import pytest

from app.kit.ids import decode
from app.templates.queries import find_template
from tests.rooms.desk import Desk, key_name

pytestmark = pytest.mark.anyio

NEW = {
    "name": "autumn_offer",
    "language": "tr",
    "category": "marketing",
    "body": "Merhaba {{first_name}}, sonbahar indirimi başladı.",
    "purposes": ["campaign_information", "new_product_announcement"],
}


async def test_a_template_is_registered_with_its_variables_and_purposes(desk: Desk) -> None:
    tenant = await desk.tenant()

    made = await tenant.http.post("/v1/templates", json=NEW)

    body = made.json()
    assert (201, f"/v1/templates/{body['id']}") == (made.status_code, made.headers["location"])
    assert ("named", ["first_name"], "pending", 1) == tuple(
        body[name] for name in ("parameter_format", "variables", "status", "version")
    )
    assert ["new_product_announcement", "campaign_information"] == body["purposes"]
    assert body == (await tenant.http.get(made.headers["location"])).json()
    assert ("template.registered", key_name(tenant), body["id"]) == (await desk.audit(tenant.id))[-1]


async def test_other_rooms_see_the_template_with_its_purposes_in_the_view(desk: Desk) -> None:
    tenant = await desk.tenant()
    made = (await tenant.http.post("/v1/templates", json=NEW | {"status": "approved"})).json()

    (seen,) = await desk.rows(tenant.id, "SELECT id, status, variables, purpose_ids FROM templates_v1")

    assert {
        "id": decode("tpl", made["id"]),
        "status": "approved",
        "variables": ["first_name"],
        "purpose_ids": [4, 7],
    } == seen


async def test_a_template_is_found_by_name_and_language(desk: Desk) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    await tenant.http.post("/v1/templates", json=NEW)

    async with desk.run.db.begin(tenant.id) as session:
        found = await find_template(session, tenant.id, "autumn_offer", "tr")

        assert found is not None
        assert (4, 7) == found.purpose_ids
        assert await find_template(session, tenant.id, "autumn_offer", "en") is None
        assert await find_template(session, tenant.id, "autumn\x00", "tr") is None
        assert await find_template(session, other.id, "autumn_offer", "tr") is None


async def test_one_name_and_language_is_registered_once_per_tenant(desk: Desk) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    await tenant.http.post("/v1/templates", json=NEW)

    again = await tenant.http.post("/v1/templates", json=NEW)
    english = await tenant.http.post("/v1/templates", json=NEW | {"language": "en_US"})
    elsewhere = await other.http.post("/v1/templates", json=NEW)

    assert (409, "template_taken") == (again.status_code, again.json()["code"])
    assert (201, 201) == (english.status_code, elsewhere.status_code)


@pytest.mark.parametrize(
    ("category", "purpose", "code"),
    [
        ("marketing", "order_status_notification", "category_mismatch"),
        ("utility", "campaign_information", "category_mismatch"),
        ("utility", "identity_verification", "category_mismatch"),
        ("authentication", "order_status_notification", "category_mismatch"),
        ("marketing", "product_matching", "purpose_not_sendable"),
        ("marketing", "other", "unknown_purpose"),
        ("marketing", "all\x00", "unknown_purpose"),
    ],
)
async def test_a_template_is_bound_only_to_purposes_that_take_it(
    desk: Desk, category: str, purpose: str, code: str
) -> None:
    tenant = await desk.tenant()
    good = {"marketing": "campaign_information", "utility": "service_management"}.get(category)
    purposes = [key for key in (good, purpose) if key]

    answer = await tenant.http.post("/v1/templates", json=NEW | {"category": category, "purposes": purposes})

    body = answer.json()
    assert (422, code) == (answer.status_code, body["code"])
    assert [(f"/purposes/{len(purposes) - 1}", code)] == [(e["pointer"], e["code"]) for e in body["errors"]]
    assert [] == (await tenant.http.get("/v1/templates")).json()["data"]


@pytest.mark.parametrize(
    ("category", "purpose"),
    [("authentication", "identity_verification"), ("utility", "legal_follow_up")],
)
async def test_a_suited_template_is_bound(desk: Desk, category: str, purpose: str) -> None:
    tenant = await desk.tenant()

    made = await tenant.http.post("/v1/templates", json=NEW | {"category": category, "purposes": [purpose]})

    assert (201, [purpose]) == (made.status_code, made.json()["purposes"])


async def test_variables_that_cannot_be_read_are_pointed_at(desk: Desk) -> None:
    tenant = await desk.tenant()

    answer = await tenant.http.post("/v1/templates", json=NEW | {"body": "Merhaba {{1}} {{ad}}"})

    assert (422, "variables_invalid") == (answer.status_code, answer.json()["code"])
    assert "/body" == answer.json()["errors"][0]["pointer"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": "Autumn"}, "/name"),
        ({"name": "a" * 513}, "/name"),
        ({"language": "turkish"}, "/language"),
        ({"category": "MARKETING"}, "/category"),
        ({"body": "a\x00"}, "/body"),
        ({"body": "a" * 1025}, "/body"),
        ({"purposes": "campaign_information"}, "/purposes"),
    ],
)
async def test_a_wrong_field_is_pointed_at(desk: Desk, change: dict[str, object], pointer: str) -> None:
    tenant = await desk.tenant()

    answer = await tenant.http.post("/v1/templates", json=NEW | change)

    assert (422, pointer) == (answer.status_code, answer.json()["errors"][0]["pointer"])


async def test_the_longest_name_meta_allows_is_kept(desk: Desk) -> None:
    tenant = await desk.tenant()

    made = await tenant.http.post("/v1/templates", json=NEW | {"name": "a" * 512})

    assert 201 == made.status_code


async def test_status_and_purposes_change_and_count_the_version_up(desk: Desk) -> None:
    tenant = await desk.tenant()
    made = (await tenant.http.post("/v1/templates", json=NEW)).json()
    path = f"/v1/templates/{made['id']}"

    approved = await tenant.http.patch(path, json={"status": "approved"})
    unbound = await tenant.http.patch(path, json={"purposes": ["usage_based_offer", "usage_based_offer"]})

    assert ("approved", 2, made["purposes"]) == tuple(
        approved.json()[name] for name in ("status", "version", "purposes")
    )
    assert ("approved", 3, ["usage_based_offer"]) == tuple(
        unbound.json()[name] for name in ("status", "version", "purposes")
    )
    assert ["template.changed"] * 2 == [action for action, _, _ in (await desk.audit(tenant.id))[-2:]]


async def test_a_refused_change_leaves_the_template_as_it_was(desk: Desk) -> None:
    tenant = await desk.tenant()
    made = (await tenant.http.post("/v1/templates", json=NEW)).json()
    path = f"/v1/templates/{made['id']}"

    refused = await tenant.http.patch(
        path, json={"status": "approved", "purposes": ["usage_based_offer", "service_management"]}
    )
    nothing = await tenant.http.patch(path, json={})

    assert (422, "category_mismatch") == (refused.status_code, refused.json()["code"])
    assert made == nothing.json()


async def test_the_words_of_a_template_do_not_change(desk: Desk) -> None:
    tenant = await desk.tenant()
    made = (await tenant.http.post("/v1/templates", json=NEW)).json()

    answer = await tenant.http.patch(f"/v1/templates/{made['id']}", json={"body": "Başka"})

    assert (422, "/body") == (answer.status_code, answer.json()["errors"][0]["pointer"])


async def test_another_tenants_template_is_not_there(desk: Desk) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    theirs = (await other.http.post("/v1/templates", json=NEW)).json()
    path = f"/v1/templates/{theirs['id']}"

    assert 404 == (await tenant.http.get(path)).status_code
    assert 404 == (await tenant.http.patch(path, json={"status": "approved"})).status_code
    assert 404 == (await tenant.http.get("/v1/templates/tpl_nonsense")).status_code
    assert theirs == (await other.http.get(path)).json()
