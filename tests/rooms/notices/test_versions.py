"""Languages of a version, what changed between two, and for which purposes a change makes consents stale."""

import hashlib
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.notice import blocks_of, notice_of, version_of
from tests.rooms.desk import Desk, Tenant

pytestmark = pytest.mark.anyio

A, B, C = "campaign_information", "new_product_announcement", "usage_based_offer"
ENGLISH = {"language": "en", "title": "Privacy notice", "body": "How we process your data.", "label": "I have read it."}


async def publish(tenant: Tenant, *purposes: str, **more: Any) -> str:
    made = await tenant.http.post("/v1/notices", json=notice_of(*purposes, **more))
    assert 201 == made.status_code, made.text
    return str(made.headers["location"])


async def next_version(tenant: Tenant, path: str, *purposes: str, **more: Any) -> dict[str, Any]:
    made = await tenant.http.post(f"{path}/versions", json=version_of(*purposes, **more))
    assert 201 == made.status_code, made.text
    body: dict[str, Any] = made.json()
    return body


async def stale_of(tenant: Tenant, path: str, version: int) -> dict[str, int]:
    """Purpose to the days from now at which it is stale."""
    shown = (await tenant.http.get(f"{path}/versions/{version}")).json()
    now = datetime.now(UTC)
    return {
        one["purpose"]: round((datetime.fromisoformat(one["stale_at"]) - now) / timedelta(days=1))
        for one in shown["stale"]
    }


@pytest.mark.covers("O21", "O22")
async def test_each_language_of_a_version_has_its_own_text_hash_and_id(desk: Desk) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant, A, translations=[ENGLISH | {"blocks": blocks_of([A])}])

    main = (await tenant.http.get(f"{path}/versions/1")).json()
    english = (await tenant.http.get(f"{path}/versions/1", params={"language": "en"})).json()

    assert ("tr", "en", 1, 1) == (main["language"], english["language"], main["version"], english["version"])
    assert [("en", english["id"])] == [(one["language"], one["id"]) for one in main["other_languages"]]
    assert [("tr", main["id"])] == [(one["language"], one["id"]) for one in english["other_languages"]]
    for shown in (main, english):
        assert hashlib.sha256(shown["text"].encode()).hexdigest() == shown["sha256"]
    assert english["text"].startswith("Privacy notice\n\nHow we process your data.\n\nVeri sorumlusu\n")
    assert english["text"].endswith("\n\nI have read it.")
    assert 404 == (await tenant.http.get(f"{path}/versions/1", params={"language": "de"})).status_code
    history = (await tenant.http.get(path)).json()
    assert [1] == [version["version"] for version in history["versions"]]


async def test_a_language_stands_in_a_version_once(desk: Desk) -> None:
    tenant = await desk.tenant()
    twice = notice_of(A, translations=[ENGLISH | {"language": "tr", "blocks": blocks_of([A])}])

    answer = await tenant.http.post("/v1/notices", json=twice)

    assert (422, "/translations/0/language") == (answer.status_code, answer.json()["errors"][0]["pointer"])


async def test_the_words_of_a_version_from_before_there_were_blocks_are_shown_and_hashed_as_they_were(
    desk: Desk,
) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant, A)
    digest = hashlib.sha256("Başlık\n\nMetin".encode())
    await desk.rows(
        tenant.id,
        "INSERT INTO notice_versions (id, tenant_id, notice_id, version, language, title, body, sha256, purpose_ids,"
        " change_kind) SELECT new_id(), tenant_id, notice_id, 2, 'tr', 'Başlık', 'Metin', :digest, purpose_ids,"
        " 'editorial' FROM notice_versions RETURNING id",
        digest=digest.digest(),
    )

    shown = (await tenant.http.get(f"{path}/versions/2")).json()

    assert ("Başlık\n\nMetin", {}, None) == (shown["text"], shown["blocks"], shown["label"])
    assert digest.hexdigest() == shown["sha256"]


@pytest.mark.covers("O22")
async def test_a_diff_names_the_parts_that_changed_and_shows_their_lines(desk: Desk) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant, A)
    blocks = blocks_of([A, B])
    blocks["rights"]["how"] = "kep@example.com"
    await next_version(tenant, path, A, B, change_kind="material", title="Yeni başlık", blocks=blocks)

    forth = (await tenant.http.get(f"{path}/versions/2/diff", params={"from": 1})).json()
    usual = (await tenant.http.get(f"{path}/versions/2/diff")).json()
    back = (await tenant.http.get(f"{path}/versions/1/diff", params={"from": 2})).json()
    same = (await tenant.http.get(f"{path}/versions/2/diff", params={"from": 2})).json()

    assert (1, 2, [B], []) == tuple(
        forth[name] for name in ("from_version", "to_version", "purposes_added", "purposes_removed")
    )
    assert ["title", "purposes", "collection", "rights"] == [part["part"] for part in forth["parts"]]
    rights = forth["parts"][-1]["diff"].splitlines()
    assert ["-kvkk@example.com", "+kep@example.com"] == [line for line in rights if line[0] in "+-"]
    assert "+Yeni başlık" in forth["diff"].splitlines()
    assert forth == usual
    assert [B] == back["purposes_removed"]
    assert ([], "") == (same["parts"], same["diff"])
    assert 404 == (await tenant.http.get(f"{path}/versions/2/diff", params={"from": 3})).status_code


async def test_a_purpose_that_is_named_no_more_is_stale_whatever_is_required(desk: Desk) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant, A, B, C)

    await next_version(tenant, path, A, B, change_kind="material", grace_days=3, requires=[])

    assert {C: 3} == await stale_of(tenant, path, 1)


async def test_each_change_keeps_its_own_date_and_the_sooner_one_counts(desk: Desk) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant, A, B)
    needs_a, needs_b = ([{"purpose": key, "requires": "new_consent"}] for key in (A, B))

    await next_version(tenant, path, A, B, change_kind="material", grace_days=30, requires=needs_a)
    await next_version(tenant, path, A, B, change_kind="material", grace_days=10, requires=needs_b)
    await next_version(tenant, path, A, B, change_kind="material", grace_days=20)

    assert {A: 20, B: 10} == await stale_of(tenant, path, 1)
    assert {A: 20, B: 10} == await stale_of(tenant, path, 2)
    assert {A: 20, B: 20} == await stale_of(tenant, path, 3)
    assert {} == await stale_of(tenant, path, 4)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (
            {"controller": {"heading": "Veri sorumlusu", "name": "Başka A.Ş.", "contact": "a@b"}},
            "/blocks/controller/name",
        ),
        ("recipient", "/blocks/recipients/items"),
        ("country", "/blocks/recipients/items"),
    ],
)
async def test_what_people_were_not_told_before_is_no_editorial_change(desk: Desk, change: Any, pointer: str) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant, A)
    blocks = deepcopy(blocks_of([A]))
    items = blocks["recipients"]["items"]
    if change == "recipient":
        items.append({"name": "Reklam Ajansı", "reason": "ölçüm"})
    elif change == "country":
        items[0]["country"] = "Singapur"
    else:
        blocks |= change

    answer = await tenant.http.post(f"{path}/versions", json=version_of(A, blocks=blocks, change_kind="editorial"))

    assert (422, "change_is_material") == (answer.status_code, answer.json()["code"])
    assert pointer == answer.json()["errors"][0]["pointer"]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"change_kind": "editorial", "requires": []}, "requires_not_applicable"),
        (
            {"change_kind": "material", "requires": [{"purpose": C, "requires": "new_consent"}]},
            "unknown_purpose",
        ),
    ],
)
async def test_requirements_belong_to_a_material_change_and_its_purposes(
    desk: Desk, more: dict[str, Any], code: str
) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant, A)

    answer = await tenant.http.post(f"{path}/versions", json=version_of(A, **more))

    assert (422, code) == (answer.status_code, answer.json()["errors"][0]["code"])
