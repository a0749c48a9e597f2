import asyncio

import pytest

from app.kit.crypto import Unsealable
from app.kit.http.idempotency import Answer, IdempotencyInProgress, judge
from app.tenants.keys import get_tenant_keys
from app.tenants.remember import Memory, forget_old
from tests.rooms.desk import Desk, Tenant

pytestmark = pytest.mark.anyio

NEW_KEY = {"name": "Muhasebe", "scopes": ["senders:read"]}
KEY = {"idempotency-key": "0198c2d4-fixed"}


async def count_keys(desk: Desk, tenant: Tenant) -> int:
    rows = await desk.rows(tenant.id, "SELECT count(*) AS n FROM api_keys")
    return int(rows[0]["n"])


async def test_a_repeated_request_gets_the_same_answer_and_is_done_once(desk: Desk) -> None:
    tenant = await desk.tenant()

    first = await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers=KEY)
    second = await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers=KEY)

    assert (201, first.content) == (second.status_code, second.content)
    assert first.headers["location"] == second.headers["location"]
    assert (None, "true") == (first.headers.get("idempotency-replay"), second.headers["idempotency-replay"])
    assert 2 == await count_keys(desk, tenant)


async def test_a_quoted_key_is_the_same_key(desk: Desk) -> None:
    tenant = await desk.tenant()

    first = await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers={"idempotency-key": "abc"})
    second = await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers={"idempotency-key": '"abc"'})

    assert first.content == second.content


async def test_without_a_key_a_repeated_request_is_done_again(desk: Desk) -> None:
    tenant = await desk.tenant()

    for _ in range(2):
        await tenant.http.post("/v1/api-keys", json=NEW_KEY)

    assert 3 == await count_keys(desk, tenant)


@pytest.mark.parametrize(("path", "body"), [("/v1/api-keys", NEW_KEY | {"name": "Satış"}), ("/v1/templates", NEW_KEY)])
async def test_the_same_key_for_another_request_is_refused(desk: Desk, path: str, body: dict[str, object]) -> None:
    tenant = await desk.tenant()
    await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers=KEY)
    template = {"name": "a", "language": "tr", "category": "utility", "body": "a", "purposes": []}

    answer = await tenant.http.post(path, json=body if path == "/v1/api-keys" else template, headers=KEY)

    assert (422, "idempotency_key_reused") == (answer.status_code, answer.json()["code"])


async def test_a_refused_request_is_judged_anew(desk: Desk) -> None:
    tenant = await desk.tenant(["keys:write"])
    stronger = desk.client({"authorization": f"Bearer {(await desk.key(tenant.id))[1]}"})

    refused = await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers=KEY)
    allowed = await stronger.post("/v1/api-keys", json=NEW_KEY, headers=KEY)

    assert (403, 201) == (refused.status_code, allowed.status_code)


async def test_two_tenants_may_use_the_same_key(desk: Desk) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()

    answers = [await t.http.post("/v1/api-keys", json=NEW_KEY, headers=KEY) for t in (tenant, other)]

    assert [201, 201] == [answer.status_code for answer in answers]
    assert answers[0].content != answers[1].content


async def test_who_comes_second_while_the_first_is_at_work_is_told_at_once(desk: Desk) -> None:
    tenant = await desk.tenant()
    async with desk.run.db.begin(tenant.id) as session:
        keys = await get_tenant_keys(desk.run, session, tenant.id)
        await Memory(session, tenant.id, keys, "test").reserve(KEY["idempotency-key"], b"first")

        second = await asyncio.wait_for(tenant.http.post("/v1/api-keys", json=NEW_KEY, headers=KEY), timeout=5)

    assert (409, "idempotency_in_progress") == (second.status_code, second.json()["code"])
    assert "1" == second.headers["retry-after"]
    third = await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers=KEY)
    assert 201 == third.status_code  # the first never finished, so its key was free again


async def test_of_many_at_once_one_does_the_work(desk: Desk) -> None:
    tenant = await desk.tenant()

    answers = await asyncio.gather(*(tenant.http.post("/v1/api-keys", json=NEW_KEY, headers=KEY) for _ in range(8)))

    assert 2 == await count_keys(desk, tenant)
    assert {201, 409} >= {answer.status_code for answer in answers}
    assert 1 == len({answer.content for answer in answers if answer.status_code == 201})


async def test_what_is_remembered_cannot_be_read_in_the_table(desk: Desk) -> None:
    tenant = await desk.tenant()

    made = await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers=KEY)

    (row,) = await desk.rows(tenant.id, "SELECT * FROM idempotency_keys")
    whole = repr(row)
    assert made.json()["key"] not in whole
    assert KEY["idempotency-key"] not in whole
    assert ("POST /v1/api-keys", 201) == (row["operation"], row["status"])


async def test_a_key_is_free_again_after_72_hours(desk: Desk) -> None:
    tenant = await desk.tenant()
    first = await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers=KEY)
    await age_by(desk, tenant, "73 hours")

    second = await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers=KEY)
    third = await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers=KEY)

    assert first.json()["id"] != second.json()["id"]
    assert second.content == third.content


async def test_only_what_is_old_is_forgotten(desk: Desk) -> None:
    tenant = await desk.tenant()
    await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers=KEY)
    await age_by(desk, tenant, "73 hours")
    await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers={"idempotency-key": "young"})

    async with desk.run.db.begin(tenant.id) as session:
        gone = await forget_old(session, tenant.id)

    assert 1 == gone
    assert 1 == len(await desk.rows(tenant.id, "SELECT 1 FROM idempotency_keys"))


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "şifre"])
async def test_a_key_that_is_no_key_is_malformed(desk: Desk, key: str) -> None:
    tenant = await desk.tenant()

    answer = await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers={b"idempotency-key": key.encode()})

    assert (400, "idempotency_key_invalid") == (answer.status_code, answer.json()["code"])


async def test_a_stream_reserves_at_its_end_and_is_replayed_by_its_digest(desk: Desk) -> None:
    tenant = await desk.tenant()
    async with desk.run.db.begin(tenant.id) as session:
        keys = await get_tenant_keys(desk.run, session, tenant.id)
        memory = Memory(session, tenant.id, keys, "POST /v1/streams")
        assert await memory.reserve("stream", b"digest") is None
        await memory.finish("stream", Answer(200, b'{"rows":3}', {"etag": '"1"'}))

    async with desk.run.db.begin(tenant.id) as session:
        kept = await Memory(session, tenant.id, keys, "POST /v1/streams").reserve("stream", b"digest")

    assert kept is not None
    replayed = judge(kept, b"digest")
    assert (200, b'{"rows":3}', '"1"') == (replayed.status, replayed.body, replayed.headers["etag"])


async def test_an_answer_moved_to_another_key_does_not_open(desk: Desk) -> None:
    tenant = await desk.tenant()
    for key in ("one", "two"):
        await tenant.http.post("/v1/api-keys", json=NEW_KEY, headers={"idempotency-key": key})
    swap = "UPDATE idempotency_keys AS a SET body = b.body FROM idempotency_keys AS b WHERE a.key <> b.key"
    async with desk.run.db.begin(tenant.id) as session:
        await session.exec_driver_sql(swap)

    async with desk.run.db.begin(tenant.id) as session:
        keys = await get_tenant_keys(desk.run, session, tenant.id)
        with pytest.raises(Unsealable):
            await Memory(session, tenant.id, keys, "test").find("one")


async def test_a_reserved_key_is_taken_even_within_one_process(desk: Desk) -> None:
    tenant = await desk.tenant()
    async with desk.run.db.begin(tenant.id) as first, desk.run.db.begin(tenant.id) as second:
        keys = await get_tenant_keys(desk.run, first, tenant.id)
        await Memory(first, tenant.id, keys, "test").reserve("k", b"x")

        with pytest.raises(IdempotencyInProgress):
            await Memory(second, tenant.id, keys, "test").reserve("k", b"x")


async def age_by(desk: Desk, tenant: Tenant, interval: str) -> None:
    """Make everything that is remembered older."""
    async with desk.run.db.begin(tenant.id) as session:
        await session.exec_driver_sql(f"UPDATE idempotency_keys SET created_at = created_at - interval '{interval}'")
