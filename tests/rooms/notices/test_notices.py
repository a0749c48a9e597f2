import asyncio
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import DBAPIError

from app.kit.ids import decode
from tests.notice import notice_of, version_of
from tests.rooms.desk import Desk, Tenant, key_name

pytestmark = pytest.mark.anyio

PURPOSES = ("campaign_information", "new_product_announcement")
NEW = notice_of(*PURPOSES)
NEXT = version_of(*PURPOSES, body="Yeni metin.")


async def publish(tenant: Tenant, **more: object) -> str:
    """A first version; the notice's path."""
    made = await tenant.http.post("/v1/notices", json=NEW | more)
    assert 201 == made.status_code, made.text
    return made.headers["location"]


async def test_a_notice_is_published_with_a_hash_anybody_can_compute(desk: Desk) -> None:
    tenant = await desk.tenant()

    made = await tenant.http.post("/v1/notices", json=NEW)

    body = made.json()
    latest = body["latest_version"]
    assert (201, f"/v1/notices/{body['id']}") == (made.status_code, made.headers["location"])
    shown = (await tenant.http.get(f"{made.headers['location']}/versions/1")).json()
    assert hashlib.sha256(shown["text"].encode()).hexdigest() == latest["sha256"] == shown["sha256"]
    assert (1, "tr", "first", None) == tuple(
        latest[name] for name in ("version", "language", "change_kind", "stale_at")
    )
    assert ["new_product_announcement", "campaign_information"] == latest["purposes"]
    assert ("notice.published", key_name(tenant), latest["id"]) == (await desk.audit(tenant.id))[-1]


async def test_a_version_is_shown_as_people_were_shown_it(desk: Desk) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant)

    shown = (await tenant.http.get(f"{path}/versions/1")).json()

    assert (NEW["title"], NEW["body"]) == (shown["title"], shown["body"])
    assert 404 == (await tenant.http.get(f"{path}/versions/2")).status_code
    assert 404 == (await tenant.http.get(f"{path}/versions/0")).status_code
    assert 404 == (await tenant.http.get(f"{path}/versions/99999999999")).status_code


async def test_an_editorial_change_leaves_earlier_versions_fresh(desk: Desk) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant)

    made = await tenant.http.post(f"{path}/versions", json=NEXT | {"change_kind": "editorial"})

    assert (201, 2, f"{path}/versions/2") == (
        made.status_code,
        made.json()["version"],
        made.headers["location"],
    )
    history = (await tenant.http.get(path)).json()
    assert [(1, None), (2, None)] == [(v["version"], v["stale_at"]) for v in history["versions"]]
    assert history["versions"][1] == history["latest_version"]
    assert made.json() == (await tenant.http.get(made.headers["location"])).json()


async def test_a_material_change_makes_all_earlier_versions_stale_after_its_grace(desk: Desk) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant)
    await tenant.http.post(f"{path}/versions", json=NEXT | {"change_kind": "editorial"})

    made = await tenant.http.post(
        f"{path}/versions",
        json=version_of("usage_based_offer", change_kind="material", grace_days=30),
    )

    assert (201, None) == (made.status_code, made.json()["stale_at"])
    versions = (await tenant.http.get(path)).json()["versions"]
    in_days = [
        round((datetime.fromisoformat(v["stale_at"]) - datetime.now(UTC)) / timedelta(days=1)) for v in versions[:2]
    ]
    assert ([30, 30], None) == (in_days, versions[2]["stale_at"])
    stale = await desk.rows(tenant.id, "SELECT notice_version_id FROM notice_staleness")
    assert {decode("ntv", v["id"]) for v in versions[:2]} == {row["notice_version_id"] for row in stale}


async def test_a_later_material_change_never_postpones_an_earlier_date(desk: Desk) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant)
    await tenant.http.post(f"{path}/versions", json=NEXT | {"change_kind": "material", "grace_days": 1})
    before = (await tenant.http.get(path)).json()["versions"][0]["stale_at"]

    await tenant.http.post(f"{path}/versions", json=NEXT | {"change_kind": "material", "grace_days": 90})
    middle = (await tenant.http.get(path)).json()["versions"]
    await tenant.http.post(f"{path}/versions", json=NEXT | {"change_kind": "material"})

    after = (await tenant.http.get(path)).json()["versions"]
    assert before == middle[0]["stale_at"]
    assert all(v["stale_at"] < before for v in after[:3])
    assert after[3]["stale_at"] is None


async def test_other_purposes_are_a_material_change(desk: Desk) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant)

    answer = await tenant.http.post(
        f"{path}/versions", json=version_of("campaign_information", change_kind="editorial")
    )

    assert (422, "change_is_material") == (answer.status_code, answer.json()["code"])
    assert "/purposes" == answer.json()["errors"][0]["pointer"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"change_kind": "editorial", "grace_days": 3}, "grace_days_not_applicable"),
        ({"change_kind": "first"}, "literal_error"),
        ({"change_kind": "material", "grace_days": -1}, "greater_than_equal"),
        ({}, "missing"),
    ],
)
async def test_a_version_says_how_much_it_changes(desk: Desk, change: dict[str, object], code: str) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant)

    answer = await tenant.http.post(f"{path}/versions", json=NEXT | change)

    assert (422, code) == (answer.status_code, answer.json()["errors"][0]["code"])


async def test_versions_published_at_once_take_turns(desk: Desk) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant)

    answers = await asyncio.gather(
        *(tenant.http.post(f"{path}/versions", json=NEXT | {"change_kind": "editorial"}) for _ in range(5))
    )

    assert [201] * 5 == [answer.status_code for answer in answers]
    assert [2, 3, 4, 5, 6] == sorted(answer.json()["version"] for answer in answers)


async def test_a_published_version_cannot_be_changed_in_the_database(desk: Desk) -> None:
    tenant = await desk.tenant()
    await publish(tenant)

    for statement in ("UPDATE notice_versions SET body = 'x'", "DELETE FROM notice_versions"):
        with pytest.raises(DBAPIError):
            async with desk.run.db.begin(tenant.id) as session:
                await session.exec_driver_sql(statement)


async def test_a_name_is_taken_once_per_tenant(desk: Desk) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    await publish(tenant)

    again = await tenant.http.post("/v1/notices", json=NEW)

    assert (409, "notice_taken") == (again.status_code, again.json()["code"])
    await publish(other)


@pytest.mark.parametrize(
    ("change", "status", "pointer"),
    [
        ({"purposes": ["campaign_information", "other"]}, 422, "/purposes/1"),
        ({"purposes": []}, 422, "/purposes"),
        ({"body": ""}, 422, "/body"),
        ({"body": "a\x00"}, 422, "/body"),
        ({"title": "iki\nsatır"}, 422, "/title"),
        ({"language": "tr_TR"}, 422, "/language"),
    ],
)
async def test_what_is_wrong_with_a_notice_is_pointed_at(
    desk: Desk, change: dict[str, object], status: int, pointer: str
) -> None:
    tenant = await desk.tenant()

    answer = await tenant.http.post("/v1/notices", json=NEW | change)

    assert (status, pointer) == (answer.status_code, answer.json()["errors"][0]["pointer"])
    assert [] == (await tenant.http.get("/v1/notices")).json()["data"]


async def test_a_repeated_publication_publishes_once(desk: Desk) -> None:
    tenant = await desk.tenant()
    path = await publish(tenant)
    again = {"json": NEXT | {"change_kind": "material"}, "headers": {"idempotency-key": "v2"}}

    first = await tenant.http.post(f"{path}/versions", **again)  # type: ignore[arg-type]
    second = await tenant.http.post(f"{path}/versions", **again)  # type: ignore[arg-type]

    assert first.content == second.content
    assert 2 == len((await tenant.http.get(path)).json()["versions"])


async def test_another_tenants_notice_is_not_there(desk: Desk) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    path = await publish(other)

    assert 404 == (await tenant.http.get(path)).status_code
    assert 404 == (await tenant.http.get(f"{path}/versions/1")).status_code
    answer = await tenant.http.post(f"{path}/versions", json=NEXT | {"change_kind": "editorial"})
    assert (404, "not_found") == (answer.status_code, answer.json()["code"])
    assert 1 == len((await other.http.get(path)).json()["versions"])


async def test_notices_are_paged_in_the_order_they_were_made(desk: Desk) -> None:
    tenant = await desk.tenant()
    names = ["b", "a", "c"]
    for name in names:
        await publish(tenant, name=name)

    first = (await tenant.http.get("/v1/notices", params={"limit": 2})).json()
    second = (await tenant.http.get("/v1/notices", params={"cursor": first["next_cursor"]})).json()

    assert names == [notice["name"] for notice in first["data"] + second["data"]]
