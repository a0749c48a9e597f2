import pytest

from app.purposes.errors import UnknownPurpose
from app.purposes.queries import find_purpose, get_purpose
from tests.rooms.desk import Desk

pytestmark = pytest.mark.anyio

KEYS = [
    "service_activation",
    "transaction_execution",
    "order_status_notification",
    "new_product_announcement",
    "product_matching",
    "usage_based_offer",
    "campaign_information",
    "product_improvement_analytics",
    "identity_verification",
    "inquiry_complaint_response",
    "data_security_measures",
    "abuse_prevention",
    "regulatory_disclosure",
    "statutory_retention",
    "data_consistency_check",
    "service_management",
    "traffic_management",
    "marketing_strategy_measurement",
    "marketing_communication",
    "customer_service",
    "satisfaction_survey",
    "financial_reporting",
    "legal_follow_up",
    "service_optimisation",
]
MARKETING = {
    "new_product_announcement",
    "usage_based_offer",
    "campaign_information",
    "marketing_communication",
    "satisfaction_survey",
}
SILENT = {
    "product_matching",
    "product_improvement_analytics",
    "regulatory_disclosure",
    "statutory_retention",
    "traffic_management",
    "marketing_strategy_measurement",
    "financial_reporting",
    "service_optimisation",
}


async def test_the_registry_is_the_24_purposes_in_one_page(desk: Desk) -> None:
    tenant = await desk.tenant(["consents:read"])

    answer = await tenant.http.get("/v1/purposes")

    body = answer.json()
    assert 200 == answer.status_code
    assert KEYS == [purpose["key"] for purpose in body["data"]]
    assert (None, False) == (body["next_cursor"], body["has_more"])


async def test_only_marketing_needs_approval_and_only_consent_can_be_asked_for_it(desk: Desk) -> None:
    tenant = await desk.tenant()

    purposes = (await tenant.http.get("/v1/purposes")).json()["data"]

    assert MARKETING == {purpose["key"] for purpose in purposes if purpose["commercial"]}
    assert MARKETING == {purpose["key"] for purpose in purposes if purpose["class"] == "marketing"}
    assert MARKETING | {"product_matching"} == {p["key"] for p in purposes if p["needs_consent"]}
    assert SILENT == {purpose["key"] for purpose in purposes if not purpose["sendable"]}


async def test_every_sendable_purpose_takes_one_category_of_templates(desk: Desk) -> None:
    tenant = await desk.tenant()

    purposes = (await tenant.http.get("/v1/purposes")).json()["data"]

    taken = {purpose["key"]: purpose["template_categories"] for purpose in purposes if purpose["sendable"]}
    assert {key: ["marketing"] for key in MARKETING} == {k: v for k, v in taken.items() if k in MARKETING}
    assert ["authentication"] == taken["identity_verification"]
    others = taken.keys() - MARKETING - {"identity_verification"}
    assert all(["utility"] == taken[key] for key in others)
    assert 10 == len(others)


async def test_one_purpose_is_shown_whole(desk: Desk) -> None:
    tenant = await desk.tenant()

    answer = await tenant.http.get("/v1/purposes/campaign_information")

    assert {
        "key": "campaign_information",
        "version": 1,
        "class": "marketing",
        "title_tr": "Kampanyalar hakkında bilgi verilmesi",
        "title_en": "Informing about campaigns",
        "legal_basis": "kvkk_5_1",
        "law_references": ["6698 m.5/1", "6563 m.6/1", "6563 m.7/1", "Ticari İletişim Yönetmeliği m.5"],
        "needs_consent": True,
        "sendable": True,
        "commercial": True,
        "template_categories": ["marketing"],
        "delivery_policy": "at_most_once",
        "retention_days": 3650,
        "dpv": ["https://w3id.org/dpv#DirectMarketing"],
        "active": True,
    } == answer.json()


@pytest.mark.parametrize("key", ["other", "CAMPAIGN_INFORMATION", "campaign_information%20"])
async def test_a_purpose_that_is_not_there_is_not_found(desk: Desk, key: str) -> None:
    tenant = await desk.tenant()

    answer = await tenant.http.get(f"/v1/purposes/{key}")

    assert (404, "not_found") == (answer.status_code, answer.json()["code"])


async def test_whoever_names_an_unknown_purpose_is_told_so(desk: Desk) -> None:
    async with desk.run.db.begin() as session:
        assert await find_purpose(session, "all\x00") is None
        with pytest.raises(UnknownPurpose):
            await get_purpose(session, "other")


async def test_the_version_in_force_is_kept_for_ever(desk: Desk) -> None:
    rows = await desk.rows(
        (await desk.tenant()).id,
        "SELECT v.content->>'key' AS key FROM purpose_versions AS v JOIN purposes AS p"
        " ON p.id = v.purpose_id AND p.version = v.version ORDER BY p.id",
    )

    assert KEYS == [row["key"] for row in rows]
