"""What keeps a notice from being published, and what it is told of."""

from copy import deepcopy
from typing import Any

import pytest

from app.cli import example
from app.notices.lint import lint as check
from app.purposes.queries import list_purposes
from tests.notice import blocks_of, notice_of
from tests.rooms.desk import Desk, Tenant

pytestmark = pytest.mark.anyio

PURPOSES = ("campaign_information", "order_status_notification")
GOOD = {name: value for name, value in notice_of(*PURPOSES).items() if name != "name"}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good draft with one place changed; `...` takes it away."""
    draft = deepcopy(GOOD)
    *way, last = path.strip("/").split("/")
    place: Any = draft
    for step in way:
        place = place[int(step) if step.isdigit() else step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return draft


async def lint(tenant: Tenant, draft: dict[str, Any]) -> list[dict[str, str]]:
    answer = await tenant.http.post("/v1/notices/lint", json=draft)
    assert 200 == answer.status_code, answer.text
    body = answer.json()
    assert body["publishable"] == all("error" != one["severity"] for one in body["findings"])
    found: list[dict[str, str]] = body["findings"]
    return found


async def test_a_complete_notice_leaves_the_linter_nothing_to_say(desk: Desk) -> None:
    tenant = await desk.tenant()

    assert [] == await lint(tenant, GOOD)
    assert [] == (await tenant.http.get("/v1/notices")).json()["data"]


async def test_the_linter_takes_the_very_body_that_is_published(desk: Desk) -> None:
    tenant = await desk.tenant()
    first = notice_of(*PURPOSES)
    second = GOOD | {"change_kind": "material", "grace_days": 3, "body": "Yeni sözler."}

    findings = [await lint(tenant, body) for body in (first, second)]
    made = await tenant.http.post("/v1/notices", json=first)
    place = f"/v1/notices/{made.json()['id']}/versions"
    published = await tenant.http.post(place, json=second)
    other = await tenant.http.post(place, json=second | {"language": "en"})

    assert [[], []] == findings
    assert [201, 201, 422] == [answer.status_code for answer in (made, published, other)]
    assert ["language_differs"] == [error["code"] for error in other.json()["errors"]]


@pytest.mark.covers("O20")
@pytest.mark.parametrize(
    ("path", "value", "code", "pointer"),
    [
        ("/blocks/controller", ..., "block_missing", "/blocks/controller"),
        ("/blocks/purposes", ..., "block_missing", "/blocks/purposes"),
        ("/blocks/recipients", ..., "block_missing", "/blocks/recipients"),
        ("/blocks/collection", ..., "block_missing", "/blocks/collection"),
        ("/blocks/rights", ..., "block_missing", "/blocks/rights"),
        ("/label", "Aydınlatma metnini okudum, kabul ediyorum.", "asks_for_acceptance", "/label"),
        ("/label", "ONAYLIYORUM", "asks_for_acceptance", "/label"),
        ("/label", "I have read and AGREE", "asks_for_acceptance", "/label"),
        ("/title", "Aydınlatma ve Açık Rıza Metni", "asks_for_acceptance", "/title"),
        ("/title", "Gizlilik Sözleşmesi ve Aydınlatma Metni", "heading_of_another_record", "/title"),
        ("/body", "Verilerimin işlenmesine rıza gösteriyorum.", "consent_mixed_in", "/body"),
        ("/body", "Siteyi kullanarak bunları KABUL ETMİŞ SAYILIRSINIZ.", "consent_mixed_in", "/body"),
        ("/blocks/rights/how", "Okudum, onaylıyorum.", "consent_mixed_in", "/blocks/rights"),
        (
            "/blocks/purposes/items/0/text",
            "Kampanya bildirimi ve benzeri amaçlar.",
            "purpose_open_ended",
            "/blocks/purposes/items/0/text",
        ),
        (
            "/blocks/purposes/items/0/text",
            "Kampanya, duyuru vb.",
            "purpose_open_ended",
            "/blocks/purposes/items/0/text",
        ),
        ("/body", "Verileriniz kampanya ve benzeri amaçlarla işlenir.", "purpose_open_ended", "/body"),
        (
            "/blocks/purposes/items",
            [GOOD["blocks"]["purposes"]["items"][0]],
            "purpose_not_named",
            "/purposes/1",
        ),
        (
            "/blocks/collection/items",
            [GOOD["blocks"]["collection"]["items"][0]],
            "collection_not_told",
            "/purposes/1",
        ),
        (
            "/blocks/purposes/items/1/purpose",
            "customer_service",
            "purpose_not_covered",
            "/blocks/purposes/items/1/purpose",
        ),
        (
            "/blocks/collection/items/1/legal_basis",
            "kvkk_5_1",
            "legal_basis_differs",
            "/blocks/collection/items/1/legal_basis",
        ),
        (
            "/blocks/recipients/items",
            [{"name": "Kargo A.Ş.", "reason": "teslimat"}],
            "transfer_abroad_not_named",
            "/blocks/recipients/items",
        ),
        ("/blocks/recipients/items/0/country", ..., "transfer_abroad_not_named", "/blocks/recipients/items"),
        ("/blocks/recipients/items/0/safeguard", ..., "safeguard_not_named", "/blocks/recipients/items/0/safeguard"),
        ("/language", "en", "language_mismatch", "/language"),
    ],
)
async def test_each_fault_refuses_publication_and_is_pointed_at_with_its_law(
    desk: Desk, path: str, value: Any, code: str, pointer: str
) -> None:
    tenant = await desk.tenant()
    draft = changed(path, value)
    if code == "language_mismatch":
        draft["body"] = (
            "Kişisel verileriniz bu metin kapsamında 6698 sayılı kanun ve haklarınız hakkında bilgi içindir."
        )

    told = await lint(tenant, draft)
    refused = await tenant.http.post("/v1/notices", json=draft | {"name": "aydinlatma"})

    assert (code, pointer) in [(one["code"], one["pointer"]) for one in told if one["severity"] == "error"]
    assert all(one["law"] for one in told)
    assert (422, "notice_incomplete") == (refused.status_code, refused.json()["code"])
    assert (code, pointer) in [(one["code"], one["pointer"]) for one in refused.json()["errors"]]
    assert [] == (await tenant.http.get("/v1/notices")).json()["data"]


async def test_consent_named_as_a_legal_basis_and_meta_in_a_longer_word_are_told_apart(desk: Desk) -> None:
    tenant = await desk.tenant()
    informing = changed("/body", "Kampanyalar için açık rızanız esastır; rızanızı dilediğiniz an geri alabilirsiniz.")
    steel = changed("/blocks/recipients/items/0/name", "Metal Sanayi A.Ş.")

    assert [] == await lint(tenant, informing)
    assert ["transfer_abroad_not_named"] == [one["code"] for one in await lint(tenant, steel)]


async def test_what_a_human_should_weigh_is_a_warning_and_is_published(desk: Desk) -> None:
    tenant = await desk.tenant()
    draft = changed("/body", "ÖRNEK METİN: kişisel verileriniz işlenir.")
    draft["blocks"]["rights"]["rights"] = "Haklarınız vardır."

    told = await lint(tenant, draft)
    made = await tenant.http.post("/v1/notices", json=draft | {"name": "aydinlatma"})

    assert {("rights_article_not_named", "warning"), ("placeholder_left", "warning")} == {
        (one["code"], one["severity"]) for one in told
    }
    assert 201 == made.status_code


async def test_a_translation_is_read_as_strictly_and_pointed_at_in_its_place(desk: Desk) -> None:
    tenant = await desk.tenant()
    english = {"language": "en", "title": "Notice and consent", "body": "What we do.", "blocks": blocks_of(PURPOSES)}
    del english["blocks"]["rights"]  # type: ignore[attr-defined]

    told = await lint(tenant, GOOD | {"translations": [english]})

    assert {
        ("asks_for_acceptance", "/translations/0/title"),
        ("block_missing", "/translations/0/blocks/rights"),
    } == {(one["code"], one["pointer"]) for one in told}


async def test_a_version_in_no_turkish_is_warned_of(desk: Desk) -> None:
    tenant = await desk.tenant()
    german = GOOD | {"language": "de", "title": "Hinweis", "body": "Hinweis zum Datenschutz."}

    assert [("turkish_missing", "warning")] == [(one["code"], one["severity"]) for one in await lint(tenant, german)]


async def test_the_example_of_toplu_init_is_complete_and_says_that_it_is_an_example(desk: Desk) -> None:
    async with desk.run.db.begin() as session:
        registry = {purpose.key: purpose for purpose in await list_purposes(session)}

    assert ["placeholder_left"] == [finding.code for finding in check(example.NOTICE, registry)]
