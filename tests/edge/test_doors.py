"""Every route under /v1, tried with every key that must not open it. The routes come from the document."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from app.kit.clock import utc_now
from app.tenants.api_keys import SCOPES
from app.tenants.issue_key import issue_key
from app.tenants.revoke_key import revoke_key
from tests.edge.operations import Operation
from tests.house import House

pytestmark = pytest.mark.anyio


@pytest.fixture
async def http(shop: House) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shop.url, trust_env=False, timeout=30) as client:
        yield client


async def issue(house: House, *scopes: str, days: float = 1, revoked: bool = False) -> str:
    """The text of a key of the house's tenant."""
    tenant = house.tenant.id
    async with house.run.db.begin(tenant) as session:
        expires_at = utc_now() + timedelta(days=days)
        issued = await issue_key(session, tenant, name="door", scopes=scopes, expires_at=expires_at, actor="test")
        if revoked:
            await revoke_key(session, tenant, issued.key.id, actor="test")
    return issued.text


async def answers(
    http: httpx.AsyncClient, operations: list[Operation], authorization: str | None
) -> dict[str, tuple[int, str, str | None]]:
    """What each route under /v1 answers: status, code, challenge."""
    found = {}
    for one in operations:
        if one.path.startswith("/v1/") and one.scopes:
            headers = {} if authorization is None else {"authorization": authorization}
            answer = await http.request(one.method, one.url(), headers=headers)
            found[one.id] = (answer.status_code, answer.json()["code"], answer.headers.get("www-authenticate"))
    assert len(found) >= 41
    return found


async def test_no_route_opens_without_a_key(http: httpx.AsyncClient, operations: list[Operation]) -> None:
    for none in (None, "Basic dG9wbHU6dG9wbHU="):
        assert {(401, "key_missing", "Bearer")} == set((await answers(http, operations, none)).values())


async def test_no_route_opens_with_a_key_that_is_not_known(
    shop: House, http: httpx.AsyncClient, operations: list[Operation]
) -> None:
    real = shop.tenant.key
    almost = real[:20] + ("x" if real[20] != "x" else "y") + real[21:]

    for unknown in ("garbage", almost, await issue(shop, *SCOPES, revoked=True)):
        found = await answers(http, operations, f"Bearer {unknown}")
        assert {(401, "key_unknown", "Bearer")} == set(found.values())


async def test_no_route_opens_with_a_key_that_has_expired(
    shop: House, http: httpx.AsyncClient, operations: list[Operation]
) -> None:
    expired = await issue(shop, *SCOPES, days=-1)

    found = await answers(http, operations, f"Bearer {expired}")

    assert {(401, "key_expired", "Bearer")} == set(found.values())


async def test_no_route_opens_with_every_scope_but_its_own(
    shop: House, http: httpx.AsyncClient, operations: list[Operation]
) -> None:
    tried = 0
    for scope in SCOPES:
        key = await issue(shop, *(other for other in SCOPES if other != scope))
        mine = [one for one in operations if one.scopes == [scope]]
        tried += len(mine)
        for one in mine:
            answer = await http.request(one.method, one.url(), headers={"authorization": f"Bearer {key}"})
            assert (403, "scope_missing") == (answer.status_code, answer.json()["code"]), one.id

    assert tried >= 41


async def test_every_route_opens_with_its_own_scope_alone(
    shop: House, http: httpx.AsyncClient, operations: list[Operation]
) -> None:
    """Opens: what is wrong after that is the body, or that there is nothing by that id."""
    for scope in SCOPES:
        headers = {"authorization": f"Bearer {await issue(shop, scope)}"}
        for one in [one for one in operations if one.scopes == [scope]]:
            answer = await http.request(one.method, one.url(), headers=headers)
            assert answer.status_code in (200, 404, 415, 422), (one.id, answer.text)


async def test_creating_and_starting_at_once_needs_both_scopes(shop: House, http: httpx.AsyncClient) -> None:
    key = await issue(shop, "batches:write")
    body = shop.batch_of("+905320000001")

    started = await http.post("/v1/batches", json=body, headers={"authorization": f"Bearer {key}"})
    drafted = await http.post("/v1/batches", json=body | {"start": False}, headers={"authorization": f"Bearer {key}"})

    assert (403, "scope_missing") == (started.status_code, started.json()["code"])
    assert 201 == drafted.status_code


async def test_the_scheme_is_read_in_any_case(shop: House, http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/senders", headers={"authorization": f"bearer {shop.tenant.key}"})

    assert 200 == answer.status_code
