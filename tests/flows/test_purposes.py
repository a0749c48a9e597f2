"""Every purpose of the registry works: what may be sent for it is sent with its records, and refused without them."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from app.kit.clock import utc_now
from app.kit.ids import decode
from tests.conftest import Servers, TestDatabase
from tests.furnish import IYS, made
from tests.house import House, open_house, phone
from tests.notice import notice_of
from tests.sandbox_process import TOKEN, WABA_ID

pytestmark = pytest.mark.anyio

# Sendable on consent and approval, sendable on an asserted basis, not sendable with consent, and without.
ON_CONSENT = [
    (4, "new_product_announcement"),
    (6, "usage_based_offer"),
    (7, "campaign_information"),
    (18, "marketing_communication"),
    (19, "satisfaction_survey"),
]
ON_A_BASIS = [
    (1, "service_activation"),
    (2, "transaction_execution"),
    (3, "order_status_notification"),
    (9, "identity_verification"),
    (10, "inquiry_complaint_response"),
    (11, "data_security_measures"),
    (12, "abuse_prevention"),
    (15, "data_consistency_check"),
    (16, "service_management"),
    (19, "customer_service"),
    (21, "legal_follow_up"),
]
SILENT = [
    (5, "product_matching"),
    (8, "product_improvement_analytics"),
    (13, "regulatory_disclosure"),
    (14, "statutory_retention"),
    (17, "traffic_management"),
    (18, "marketing_strategy_measurement"),
    (20, "financial_reporting"),
    (22, "service_optimisation"),
]
TEXTS = {
    "marketing": "KAMPANYA: %20 indirim. İstemiyorsanız RET yazın.",
    "utility": "Kaydınız güncellendi.",
    "authentication": "Doğrulama kodunuz hazır.",
}


def rows(purposes: list[tuple[int, str]]) -> list[object]:
    """One case per purpose, each covering its row of the table."""
    return [pytest.param(key, id=key, marks=pytest.mark.covers(f"P{number}")) for number, key in purposes]


@pytest.fixture(scope="module")
async def shop(
    servers: Servers, module_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """A tenant with one template for each category, bound to all that takes it, and a notice for all that is asked."""
    place = tmp_path_factory.mktemp("purposes")
    async with open_house(module_database.url, servers.valkey.url, place) as opened:
        purposes = (await opened.get("/v1/purposes"))["data"]
        assert opened.sandbox is not None
        async with httpx.AsyncClient(base_url=opened.sandbox.url, headers={"authorization": f"Bearer {TOKEN}"}) as meta:
            for category, text in TEXTS.items():
                keys = [one["key"] for one in purposes if category in one["template_categories"]]
                template = {"name": f"for_{category}", "language": "tr", "category": category}
                components = [{"type": "BODY", "text": text}]
                given = template | {"category": category.upper(), "components": components}
                created = await meta.post(f"/v25.0/{WABA_ID}/message_templates", json=given)
                assert created.is_success, created.text
                await made(
                    opened.client,
                    "/v1/templates",
                    template | {"body": text, "purposes": keys, "status": "approved"},
                )
        asked = [one["key"] for one in purposes if one["needs_consent"]]
        notice = notice_of(*asked, name="hepsi")
        opened.tenant.notice_version = (await made(opened.client, "/v1/notices", notice))["latest_version"]["id"]
        yield opened


AT = (utc_now() - timedelta(hours=1)).isoformat()
_numbers = iter(range(1, 1_000))


def a_message(shop: House, purpose: str, category: str, to: str) -> dict[str, object]:
    return {
        "sender": shop.tenant.sender,
        "template": {"name": f"for_{category}", "language": "tr"},
        "purpose": purpose,
        "to": to,
    }


async def category_of(shop: House, purpose: str) -> str:
    (category,) = (await shop.get(f"/v1/purposes/{purpose}"))["template_categories"]
    return str(category)


@pytest.mark.parametrize("purpose", rows(ON_CONSENT))
async def test_a_purpose_on_consent_is_sent_with_both_records_and_refused_without(shop: House, purpose: str) -> None:
    agreed, consented, elsewhere, stranger = (phone(next(_numbers)) for _ in range(4))
    await shop.consent(agreed, purpose=purpose)
    await shop.consent(elsewhere, purpose=next(key for _, key in ON_CONSENT if key != purpose))
    given = {
        "to": consented,
        "purpose": purpose,
        "act": "given",
        "channel": "web_form",
        "method": "checkbox",
        "occurred_at": AT,
    }
    given |= {"notice_version_id": shop.tenant.notice_version}
    await made(shop.client, "/v1/consents", {"consents": [given]})

    sent = [
        await shop.client.post("/v1/messages", json=a_message(shop, purpose, "marketing", to))
        for to in (agreed, consented, elsewhere, stranger)
    ]
    batch = sent[0].json()["batch"]
    await shop.until_settled(batch)

    why = (await shop.messages(batch))[0]
    not_given = ("refused", "consent_not_given")
    assert [("queued", None), not_given, not_given, ("refused", "unknown_person")] == [
        (one.json()["state"], one.json()["reason"]) for one in sent
    ]
    missing = [one.json()["reason_detail"] for one in sent[1:3]]
    assert ["commercial_approval", "explicit_consent"] == missing  # what was agreed to for one purpose opens no other
    assert str(decode("msg", why["id"])) in shop.accepted()
    assert ("kvkk_5_1", True, True) == (
        why["evidence"]["legal_basis"],
        why["evidence"]["consent_event"] is not None,
        why["evidence"]["approval_event"] is not None,
    )


@pytest.mark.parametrize("purpose", rows(ON_A_BASIS))
async def test_a_purpose_on_a_basis_is_sent_with_its_reference_and_refused_without(shop: House, purpose: str) -> None:
    served, known = (phone(next(_numbers)) for _ in range(2))
    category = await category_of(shop, purpose)
    other = "customer_service" if purpose != "customer_service" else "service_management"
    basis = {"to": known, "purpose": other, "reference": "SÖZ-1"}
    await made(shop.client, "/v1/bases", {"bases": [basis]})

    bare = await shop.client.post("/v1/messages", json=a_message(shop, purpose, category, known))
    based = await shop.client.post(
        "/v1/messages", json=a_message(shop, purpose, category, served) | {"basis_ref": "SÖZ-2"}
    )
    batch = based.json()["batch"]
    await shop.until_settled(batch)

    why = (await shop.messages(batch))[0]
    assert ("refused", "no_basis") == (bare.json()["state"], bare.json()["reason"])
    assert str(decode("msg", why["id"])) in shop.accepted()
    assert (True, None) == (why["evidence"]["basis_event"] is not None, why["evidence"]["consent_event"])
    assert (await shop.get(f"/v1/purposes/{purpose}"))["legal_basis"] == why["evidence"]["legal_basis"]


@pytest.mark.parametrize("purpose", rows(ON_A_BASIS))
async def test_for_a_purpose_on_a_basis_no_consent_is_taken(shop: House, purpose: str) -> None:
    row = {
        "to": phone(next(_numbers)),
        "purpose": purpose,
        "act": "given",
        "channel": "web_form",
        "method": "checkbox",
        "occurred_at": AT,
    }

    answer = await shop.client.post("/v1/consents", json={"consents": [row]})

    assert (422, "consent_not_applicable") == (answer.status_code, answer.json()["errors"][0]["code"])


@pytest.mark.parametrize("purpose", rows(SILENT))
async def test_for_a_silent_purpose_records_are_kept_and_nothing_is_sent(shop: House, purpose: str) -> None:
    to = phone(next(_numbers))
    registered = await shop.get(f"/v1/purposes/{purpose}")
    if registered["needs_consent"]:
        row = {
            "to": to,
            "purpose": purpose,
            "act": "given",
            "channel": "web_form",
            "method": "checkbox",
            "occurred_at": AT,
        }
        row |= {"notice_version_id": shop.tenant.notice_version}
        kept = await shop.client.post("/v1/consents", json={"consents": [row]})
    else:
        kept = await shop.client.post("/v1/bases", json={"bases": [{"to": to, "purpose": purpose, "reference": "1"}]})
    body = {"purpose": purpose, "recipients": [{"to": to}]}
    checked = await shop.client.post("/v1/consents/check", json=body)

    sent = await shop.client.post("/v1/messages", json=a_message(shop, purpose, "utility", to))

    assert 1 == kept.json()["recorded"], kept.text
    assert [(422, "purpose_not_sendable")] * 2 == [(one.status_code, one.json()["code"]) for one in (checked, sent)]


@pytest.mark.covers("P23", "A4c")
@pytest.mark.parametrize("purpose", ["other", "and_similar_purposes", "general", "ve benzeri amaçlar", ""])
async def test_similar_purposes_are_no_purpose(shop: House, purpose: str) -> None:
    to = phone(next(_numbers))

    sent = await shop.client.post("/v1/messages", json=a_message(shop, purpose, "utility", to))
    row = {"to": to, "purpose": purpose, "act": "given", "channel": "web_form", "method": "checkbox", "occurred_at": AT}
    consented = await shop.client.post("/v1/consents", json={"consents": [row]})

    assert (422, "unknown_purpose") == (sent.status_code, sent.json()["code"])
    assert 422 == consented.status_code


@pytest.mark.covers("O16", "A4c")
async def test_nothing_is_sent_for_nobody_in_particular_and_for_no_purpose(shop: House) -> None:
    """The gate fails closed: a purpose has to be named, and a record has to be there before the message."""
    to = phone(next(_numbers))
    message = a_message(shop, "campaign_information", "marketing", to)
    del message["purpose"]

    unnamed = await shop.client.post("/v1/messages", json=message)
    approval = {"to": to, "purpose": "campaign_information", "act": "given", "channel": "web_form"}
    approval |= {"kind": "commercial_approval", "method": "checkbox", "iys": IYS, "occurred_at": AT}
    await made(shop.client, "/v1/consents", {"consents": [approval]})
    halfway = await shop.client.post("/v1/messages", json=message | {"purpose": "campaign_information"})

    assert (422, "/purpose") == (unnamed.status_code, unnamed.json()["errors"][0]["pointer"])
    assert ("consent_not_given", "explicit_consent") == (halfway.json()["reason"], halfway.json()["reason_detail"])
