"""What time, and a new version of a notice, do to the consents that rest on the ones before it."""

from typing import Any

import asyncpg
import pytest

from tests.conftest import TestDatabase
from tests.notice import blocks_of, notice_of, version_of
from tests.rooms.consents.build import MARKETING, Shop, open_shop, phone
from tests.rooms.desk import Desk, Tenant

pytestmark = pytest.mark.anyio

A, B, C = "campaign_information", "new_product_announcement", "usage_based_offer"
ENGLISH = {"language": "en", "title": "Privacy notice", "body": "How we process your data."}


async def publish(tenant: Tenant, *purposes: str, **more: Any) -> str:
    made = await tenant.http.post("/v1/notices", json=notice_of(*purposes, **more))
    assert 201 == made.status_code, made.text
    return str(made.headers["location"])


async def next_version(tenant: Tenant, path: str, *purposes: str, **more: Any) -> dict[str, Any]:
    made = await tenant.http.post(f"{path}/versions", json=version_of(*purposes, **more))
    assert 201 == made.status_code, made.text
    body: dict[str, Any] = made.json()
    return body


async def test_a_consent_may_rest_on_any_language_and_goes_stale_with_its_version(desk: Desk) -> None:
    shop = await open_shop(desk)
    path = await publish(shop.tenant, A, name="iki-dil", translations=[ENGLISH | {"blocks": blocks_of([A])}])
    english = (await shop.http.get(f"{path}/versions/1", params={"language": "en"})).json()["id"]
    to = phone()

    recorded = await shop.record(*shop.both(to, notice_version_id=english))
    before = await shop.verdict(to)
    await next_version(shop.tenant, path, A, change_kind="material")

    assert 200 == recorded.status_code
    assert (None, "notice_stale") == (before, await shop.verdict(to))


@pytest.mark.covers("O22")
async def test_a_material_change_stales_only_the_purposes_that_need_a_new_consent(desk: Desk) -> None:
    shop = await open_shop(desk)
    path = await publish(shop.tenant, A, B, C, name="uc-amac")
    first = (await shop.http.get(f"{path}/versions/1")).json()["id"]
    to = phone()
    for purpose in (A, B, C):
        await shop.record(*shop.both(to, notice_version_id=first, purpose=purpose))

    requires = [{"purpose": A, "requires": "new_consent"}, {"purpose": B, "requires": "new_acknowledgement"}]
    second = await next_version(shop.tenant, path, A, B, C, change_kind="material", requires=requires)

    assert requires == second["requires"]
    assert ["notice_stale", None, None] == [await shop.verdict(to, purpose) for purpose in (A, B, C)]
    shown = (await shop.http.get(f"{path}/versions/1")).json()
    assert [A] == [one["purpose"] for one in shown["stale"]]


async def test_a_grace_that_is_not_over_refuses_nobody(desk: Desk) -> None:
    shop = await open_shop(desk)
    to = phone()
    await shop.record(*shop.both(to))
    path = f"/v1/notices/{(await shop.http.get('/v1/notices')).json()['data'][0]['id']}"
    purposes = (await shop.http.get(path)).json()["latest_version"]["purposes"]

    await next_version(shop.tenant, path, *purposes, change_kind="material", grace_days=1)

    assert await shop.verdict(to) is None


async def test_a_consent_older_than_its_purpose_lets_it_be_is_over(shop: Shop, module_database: TestDatabase) -> None:
    to = phone()
    await shop.record(*shop.both(to))
    aged = "UPDATE toplu.purposes SET consent_max_age_days = $1, version = version + 1 WHERE key = $2"
    connection = await asyncpg.connect(module_database.admin_url)
    try:
        await connection.execute(aged, 30, MARKETING)
        seen = [await shop.verdict(to)]
        await connection.execute("UPDATE toplu.business_clock SET shift = interval '31 days'")
        seen.append(await shop.verdict(to))
        purpose = (await shop.http.get(f"/v1/purposes/{MARKETING}")).json()
    finally:
        await connection.execute(aged, None, MARKETING)
        await connection.execute("UPDATE toplu.business_clock SET shift = interval '0'")
        await connection.close()

    assert [None, "consent_expired"] == seen
    assert 30 == purpose["consent_max_age_days"]


async def test_a_material_change_for_one_purpose_leaves_the_others(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to), *shop.both(to, purpose="new_product_announcement"))
    async with shop.desk.run.db.begin(shop.id) as session:
        await session.exec_driver_sql(
            "INSERT INTO notice_staleness (tenant_id, notice_version_id, stale_at, purpose_ids)"
            f" VALUES ('{shop.id}', '{shop.version_id}', business_now() - interval '1 minute', '{{4}}')"
        )

    assert [None, "notice_stale"] == [await shop.verdict(to), await shop.verdict(to, "new_product_announcement")]
