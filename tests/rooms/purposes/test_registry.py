import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError

from app.purposes.errors import UnknownPurpose
from app.purposes.queries import find_purpose, get_purpose
from tests.conftest import TestDatabase
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
        "version": 2,
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
        "consent_max_age_days": None,
        "description_tr": "Kampanya ve indirimlerin, onay veren kişilere bildirilmesi.",
        "description_en": "Telling people who approved of it about campaigns and discounts.",
        "example_tr": "KAMPANYA: bu hafta seçili ürünlerde %20 indirim. İstemiyorsanız RET yazın.",
        "example_en": "CAMPAIGN: 20% off selected products this week. Reply STOP to refuse.",
        "retention_from": "consent_ended",
        "retention_references": ["6563 m.11/3", "Ticari İletişim Yönetmeliği m.13", "6698 m.7"],
        "quiet_hours": True,
        "frequency_cap": True,
        "profiling": False,
        "audience": "recipients",
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


async def test_every_purpose_is_told_in_both_languages_and_marketing_alone_is_bounded_in_time(desk: Desk) -> None:
    tenant = await desk.tenant()

    purposes = (await tenant.http.get("/v1/purposes")).json()["data"]

    assert all(one["description_tr"] and one["description_en"] for one in purposes)
    assert SILENT == {one["key"] for one in purposes if one["example_tr"] is None and one["example_en"] is None}
    assert MARKETING == {one["key"] for one in purposes if one["quiet_hours"] and one["frequency_cap"]}
    assert {"product_matching", "usage_based_offer"} == {one["key"] for one in purposes if one["profiling"]}
    assert {"recipients"} == {one["audience"] for one in purposes}


async def test_every_version_ever_in_force_is_shown_the_newest_first(desk: Desk) -> None:
    tenant = await desk.tenant()

    versions = (await tenant.http.get("/v1/purposes/traffic_management/versions")).json()["data"]
    nothing = await tenant.http.get("/v1/purposes/other/versions")

    assert [(2, True), (1, False)] == [(one["version"], one["in_force"]) for one in versions]
    assert ["6698 m.5/2-c"] == versions[1]["content"]["law_references"]
    assert "description_tr" not in versions[1]["content"]
    assert ["6698 m.5/2-c", "5651 m.5/3"] == versions[0]["content"]["law_references"]
    assert 404 == nothing.status_code


@pytest.mark.covers("O18")
async def test_the_law_is_named_by_article_and_linked_with_what_rests_on_it(desk: Desk) -> None:
    tenant = await desk.tenant()

    references = (await tenant.http.get("/v1/legal-references")).json()["data"]
    purposes = (await tenant.http.get("/v1/purposes")).json()["data"]

    by_citation = {one["citation"]: one for one in references}
    assert {"6698", "6563", "5809", "5651", "BTK Kişisel Veri Yönetmeliği"} <= {one["law"] for one in references}
    assert sorted(MARKETING) == sorted(by_citation["6563 m.11/3"]["retention_of"])
    assert ["statutory_retention"] == by_citation["5809 m.51"]["purposes"]
    for purpose in purposes:
        assert all(purpose["key"] in by_citation[one]["purposes"] for one in purpose["law_references"])
        assert all(purpose["key"] in by_citation[one]["retention_of"] for one in purpose["retention_references"])


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("law_references = '{\"6698 m.99\"}'", "no legal reference"),
        ("key = 'other'", "purposes_key_check"),
        ("key = 'similar_purposes'", "purposes_key_check"),
        ("quiet_hours = false", "purposes_marketing_is_bounded"),
        ("frequency_cap = false", "purposes_marketing_is_bounded"),
        ("audience = 'members'", "purposes_of_ours_carry_nothing"),
        ("audience = 'everybody'", "purposes_of_ours_carry_nothing"),
        ("template_categories = '{marketing,utility}'", "purposes_class_fits_category"),
        ("profiling = true, legal_basis = 'kvkk_5_2_f', commercial = false", "purposes_profiling_needs_consent"),
        ("example_en = NULL", "purposes_are_described"),
        ("retention_references = '{}'", "purposes_are_kept_from"),
        ("title_en = title_en", "purpose_versions_pkey"),
    ],
)
@pytest.mark.covers("P23", "O13")
async def test_not_even_a_migration_can_make_of_a_purpose_what_it_must_not_be(
    module_database: TestDatabase, change: str, why: str
) -> None:
    """`other` has no row; ours carry no message; a change without a new version is refused by the version's key."""
    connection = await asyncpg.connect(module_database.admin_url)
    version = "" if "title_en" in change else ", version = version + 1"
    try:
        await connection.execute("SET search_path = toplu")
        with pytest.raises(asyncpg.PostgresError, match=why):
            await connection.execute(f"UPDATE purposes SET {change}{version} WHERE key = 'campaign_information'")
    finally:
        await connection.close()


async def test_neither_door_can_change_the_registry(desk: Desk) -> None:
    tenant = await desk.tenant()

    for statement in ("UPDATE purposes SET version = 3", "DELETE FROM legal_references"):
        with pytest.raises(DBAPIError, match="permission denied"):
            await desk.rows(tenant.id, statement)
