"""A template that is no marketing and sounds like it: a person looks at it first."""

from itertools import product
from typing import Any

import pytest

from tests.conftest import TestDatabase
from tests.house import House, phone
from tests.rooms.desk import Desk, Tenant, key_name

pytestmark = pytest.mark.anyio

QUIET = {
    "name": "order_news",
    "language": "tr",
    "category": "utility",
    "body": "Siparişiniz {{order_no}} yola çıktı.",
    "purposes": ["order_status_notification"],
    "status": "approved",
}
LOUD = QUIET | {"body": "Siparişiniz yola çıktı. Yeni siparişlerinizde %10 indirimimiz var!"}
CLEARED = {"decision": "cleared", "reviewed_by": "Ayşe Yılmaz, uyum", "reason": "Söz verilen iade, tanıtım değil."}


async def register(tenant: Tenant, **template: Any) -> dict[str, Any]:
    made = await tenant.http.post("/v1/templates", json=template)
    assert 201 == made.status_code, made.text
    shown: dict[str, Any] = made.json()
    return shown


@pytest.mark.parametrize(
    ("template", "review", "findings"),
    [
        (QUIET, "not_needed", []),
        (LOUD, "needs_review", ["indirim", "%"]),
        (QUIET | {"footer": "Fırsatları kaçırmayın"}, "needs_review", ["firsat", "kacirma"]),
        (QUIET | {"header": "Hediyeniz var"}, "needs_review", ["hediye"]),
        (QUIET | {"buttons": ["Kuponu kullan"]}, "needs_review", ["kupon"]),
        (
            LOUD | {"category": "authentication", "purposes": ["identity_verification"]},
            "needs_review",
            ["indirim", "%"],
        ),
        (LOUD | {"category": "marketing", "purposes": ["campaign_information"]}, "not_needed", []),
    ],
    ids=["nothing found", "the body", "the footer", "the header", "a button", "a code", "marketing may promote"],
)
async def test_every_part_is_read_when_a_template_is_registered(
    desk: Desk, template: dict[str, Any], review: str, findings: list[str]
) -> None:
    tenant = await desk.tenant()

    shown = await register(tenant, **template)

    assert (review, findings) == (shown["review"], shown["findings"])
    assert "last_review" not in shown


async def test_a_person_clears_it_in_their_name_and_a_new_binding_asks_again(desk: Desk) -> None:
    tenant = await desk.tenant()
    template = await register(tenant, **LOUD)
    path = f"/v1/templates/{template['id']}"

    cleared = await tenant.http.post(f"{path}/review", json=CLEARED)
    same = await tenant.http.patch(path, json={"purposes": LOUD["purposes"]})
    bound = await tenant.http.patch(path, json={"purposes": [*LOUD["purposes"], "customer_service"]})
    rejected = await tenant.http.post(f"{path}/review", json=CLEARED | {"decision": "rejected"})

    assert ("cleared", CLEARED) == (
        cleared.json()["review"],
        {name: cleared.json()["last_review"][name] for name in CLEARED},
    )
    assert ["cleared", "needs_review", "rejected"] == [one.json()["review"] for one in (same, bound, rejected)]
    assert ("template.reviewed", key_name(tenant), template["id"]) == (await desk.audit(tenant.id))[-1]
    kept = await desk.rows(tenant.id, "SELECT decision, template_version FROM template_reviews ORDER BY id")
    assert [("cleared", 1), ("rejected", 3)] == [(row["decision"], row["template_version"]) for row in kept]
    names = await desk.rows(tenant.id, "SELECT detail::text AS said FROM audit_events")
    assert not any("Ayşe" in row["said"] for row in names)


async def test_a_review_needs_something_to_review_a_name_and_a_reason(desk: Desk) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    quiet, loud = await register(tenant, **QUIET), await register(tenant, **LOUD | {"language": "en"})

    nothing = await tenant.http.post(f"/v1/templates/{quiet['id']}/review", json=CLEARED)
    bare = await tenant.http.post(f"/v1/templates/{loud['id']}/review", json={"decision": "cleared"})
    blank = await tenant.http.post(f"/v1/templates/{loud['id']}/review", json=CLEARED | {"reason": "   "})
    theirs = await other.http.post(f"/v1/templates/{loud['id']}/review", json=CLEARED)

    assert (409, "review_not_needed") == (nothing.status_code, nothing.json()["code"])
    assert {"/reviewed_by", "/reason"} == {one["pointer"] for one in bare.json()["errors"]}
    assert (422, 404) == (blank.status_code, theirs.status_code)


@pytest.mark.parametrize("part", ["header", "footer", "buttons"])
async def test_a_variable_outside_the_body_is_refused(desk: Desk, part: str) -> None:
    tenant = await desk.tenant()
    said: Any = ["Git {{1}}"] if part == "buttons" else "Merhaba {{1}}"

    answer = await tenant.http.post("/v1/templates", json=QUIET | {part: said})

    pointer = "/buttons/0" if part == "buttons" else f"/{part}"
    assert ("variables_invalid", pointer) == (answer.json()["code"], answer.json()["errors"][0]["pointer"])


async def test_a_marketing_template_is_told_what_it_lacks_and_is_not_stopped(desk: Desk) -> None:
    tenant = await desk.tenant()
    bare = QUIET | {"category": "marketing", "purposes": ["campaign_information"]}

    shown = await register(tenant, **bare)

    whole = bare | {"name": "whole", "body": "KAMPANYA {{1}} https://example.com", "footer": "Örnek A.Ş. RET yazın"}
    assert ["sender_not_named", "contact_missing", "refusal_missing", "promotion_not_marked"] == shown["gaps"]
    assert [] == (await register(tenant, **whole))["gaps"]


async def test_each_category_is_bound_to_what_takes_it_and_to_nothing_else(desk: Desk) -> None:
    """All 24 purposes with all three categories."""
    tenant = await desk.tenant()
    purposes = (await tenant.http.get("/v1/purposes")).json()["data"]

    for number, (purpose, category) in enumerate(product(purposes, ("marketing", "utility", "authentication"))):
        body = QUIET | {"name": f"t{number}", "category": category, "purposes": [purpose["key"]]}
        answer = await tenant.http.post("/v1/templates", json=body)
        suits = {"marketing": "marketing", "transactional": "utility", "service": "utility", "legal": "utility"}
        wanted = "authentication" if purpose["key"] == "identity_verification" else suits[purpose["class"]]
        expected = None if category == wanted else "category_mismatch"
        expected = expected if purpose["sendable"] else "purpose_not_sendable"
        assert (purpose["key"], category, expected) == (purpose["key"], category, answer.json().get("code"))


async def test_a_text_from_before_the_linter_is_read_before_it_is_used(api_only: House, database: TestDatabase) -> None:
    import asyncpg

    made = await api_only.client.post("/v1/templates", json=LOUD)
    connection = await asyncpg.connect(database.admin_url)
    await connection.execute("UPDATE toplu.templates SET review = 'not_linted'")
    await connection.close()

    answer = await api_only.client.post("/v1/messages", json=a_message(api_only))

    assert (422, "template_needs_review") == (answer.status_code, answer.json()["code"])
    reviewed = await api_only.client.post(f"/v1/templates/{made.json()['id']}/review", json=CLEARED)
    assert "cleared" == reviewed.json()["review"]


def a_message(house: House) -> dict[str, Any]:
    return {
        "sender": house.tenant.sender,
        "template": {"name": "order_news", "language": "tr"},
        "purpose": "order_status_notification",
        "to": phone(1),
        "basis_ref": "1042",
    }


async def test_nothing_is_sent_with_it_before_a_person_cleared_it_and_nothing_after_a_rejection(
    api_only: House,
) -> None:
    path = f"/v1/templates/{(await api_only.client.post('/v1/templates', json=LOUD)).json()['id']}/review"

    before = await api_only.client.post("/v1/messages", json=a_message(api_only))
    await api_only.client.post(path, json=CLEARED)
    cleared = await api_only.client.post("/v1/messages", json=a_message(api_only))
    await api_only.client.post(path, json=CLEARED | {"decision": "rejected"})
    after = await api_only.client.post("/v1/messages", json=a_message(api_only))

    assert [(422, "template_needs_review")] * 2 == [(one.status_code, one.json()["code"]) for one in (before, after)]
    assert (202, "queued") == (cleared.status_code, cleared.json()["state"])


@pytest.mark.covers("A4d", "A4c")
async def test_a_variable_that_the_purpose_does_not_need_is_refused_with_the_whole_call(api_only: House) -> None:
    await api_only.client.post("/v1/templates", json=QUIET)
    path = "/v1/purposes/order_status_notification/variables"
    message = a_message(api_only) | {"variables": {"order_no": "1042"}}

    await api_only.client.put(path, json={"allowed": ["first_name"]})
    refused = await api_only.client.post("/v1/messages", json=message)
    await api_only.client.put(path, json={"allowed": ["first_name", "order_no"]})
    allowed = await api_only.client.post("/v1/messages", json=message)

    assert (422, "variables_not_allowed") == (refused.status_code, refused.json()["code"])
    assert (202, "queued") == (allowed.status_code, allowed.json()["state"])
    assert 1 == len((await api_only.get("/v1/batches"))["data"])
