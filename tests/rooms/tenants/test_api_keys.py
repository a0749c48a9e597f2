from datetime import datetime, timedelta

import pytest

from app.kit.ids import encode
from tests.rooms.desk import Desk, key_name

pytestmark = pytest.mark.anyio

NEW_KEY = {"name": "Muhasebe", "scopes": ["senders:read"], "expires_in_days": 30}


async def test_a_request_without_a_key_is_told_that_it_is_missing(desk: Desk) -> None:
    answer = await desk.client().get("/v1/senders")

    assert (401, "key_missing") == (answer.status_code, answer.json()["code"])
    assert "Bearer" == answer.headers["www-authenticate"]


@pytest.mark.parametrize("header", ["Basic Zm9vOmJhcg==", "Bearer", "Bearer ", "tpl_live_x"])
async def test_a_header_that_is_no_bearer_key_counts_as_missing(desk: Desk, header: str) -> None:
    answer = await desk.client({"authorization": header}).get("/v1/senders")

    assert (401, "key_missing") == (answer.status_code, answer.json()["code"])


async def test_a_mistyped_or_invented_key_is_unknown_and_is_not_repeated(desk: Desk) -> None:
    tenant = await desk.tenant()
    other = await desk.tenant()
    prefix, kind, _, secret, check = tenant.key.split("_")
    swapped = "_".join([prefix, kind, other.key.split("_")[2], secret, check])

    for wrong in (tenant.key[:-1] + "!", tenant.key + "x", swapped, "x" * 60):
        answer = await desk.client({"authorization": f"Bearer {wrong}"}).get("/v1/senders")

        assert (401, "key_unknown") == (answer.status_code, answer.json()["code"])
        assert wrong not in answer.text


async def test_a_key_of_another_secret_with_right_check_digits_is_unknown(desk: Desk) -> None:
    tenant = await desk.tenant()
    from app.tenants import api_keys

    public_id = tenant.key.split("_")[2]
    forged = "f" * api_keys.SECRET_LENGTH
    text = f"{api_keys.PREFIX}_{public_id}_{forged}_{api_keys._check(public_id, forged)}"

    answer = await desk.client({"authorization": f"Bearer {text}"}).get("/v1/senders")

    assert (401, "key_unknown") == (answer.status_code, answer.json()["code"])


async def test_an_expired_key_says_that_it_expired(desk: Desk) -> None:
    tenant = await desk.tenant(days=-1)

    answer = await tenant.http.get("/v1/senders")

    assert (401, "key_expired") == (answer.status_code, answer.json()["code"])


async def test_a_key_without_the_scope_is_forbidden(desk: Desk) -> None:
    tenant = await desk.tenant(["senders:read"])

    allowed = await tenant.http.get("/v1/senders")
    refused = await tenant.http.post("/v1/api-keys", json=NEW_KEY)

    assert 200 == allowed.status_code
    assert (403, "scope_missing") == (refused.status_code, refused.json()["code"])


async def test_a_new_key_works_at_once_and_its_text_is_shown_once(desk: Desk) -> None:
    tenant = await desk.tenant()

    made = await tenant.http.post("/v1/api-keys", json=NEW_KEY)

    body = made.json()
    assert 201 == made.status_code
    assert f"/v1/api-keys/{body['id']}" == made.headers["location"]
    assert body["public_id"] == body["key"].split("_")[2]
    used = await desk.client({"authorization": f"Bearer {body['key']}"}).get("/v1/senders")
    assert 200 == used.status_code
    again = await tenant.http.get(made.headers["location"])
    assert {name: value for name, value in body.items() if name != "key"} == again.json()
    assert body["key"] not in (await tenant.http.get("/v1/api-keys")).text


async def test_a_key_lives_a_year_unless_told_otherwise(desk: Desk) -> None:
    tenant = await desk.tenant()

    made = (await tenant.http.post("/v1/api-keys", json={"name": "A", "scopes": ["keys:read"]})).json()

    lives = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(made["created_at"])
    assert timedelta(days=365) == timedelta(days=round(lives / timedelta(days=1)))


async def test_a_key_cannot_hand_on_a_scope_it_does_not_have(desk: Desk) -> None:
    tenant = await desk.tenant(["keys:write", "keys:read"])

    refused = await tenant.http.post("/v1/api-keys", json=NEW_KEY)
    allowed = await tenant.http.post("/v1/api-keys", json=NEW_KEY | {"scopes": ["keys:read"]})

    assert (403, "scope_not_held") == (refused.status_code, refused.json()["code"])
    assert 201 == allowed.status_code


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"scopes": ["everything"]}, "/scopes/0", "unknown_scope"),
        ({"scopes": []}, "/scopes", "too_short"),
        ({"expires_in_days": 0}, "/expires_in_days", "greater_than_equal"),
        ({"expires_in_days": "30"}, "/expires_in_days", "int_type"),
        ({"name": "a\x00b"}, "/name", "string_pattern_mismatch"),
        ({"owner": "x"}, "/owner", "extra_forbidden"),
    ],
)
async def test_what_is_wrong_with_a_new_key_is_pointed_at(
    desk: Desk, change: dict[str, object], pointer: str, code: str
) -> None:
    tenant = await desk.tenant()

    answer = await tenant.http.post("/v1/api-keys", json=NEW_KEY | change)

    error = answer.json()["errors"][0]
    assert (422, pointer, code) == (answer.status_code, error["pointer"], error["code"])


async def test_a_revoked_key_is_unknown_and_may_be_revoked_again(desk: Desk) -> None:
    tenant = await desk.tenant()
    made = (await tenant.http.post("/v1/api-keys", json=NEW_KEY)).json()

    first = await tenant.http.delete(f"/v1/api-keys/{made['id']}")
    second = await tenant.http.delete(f"/v1/api-keys/{made['id']}")

    assert (204, 204) == (first.status_code, second.status_code)
    used = await desk.client({"authorization": f"Bearer {made['key']}"}).get("/v1/senders")
    assert (401, "key_unknown") == (used.status_code, used.json()["code"])
    assert (await tenant.http.get(f"/v1/api-keys/{made['id']}")).json()["revoked_at"] is not None


async def test_every_act_on_a_key_is_audited_once(desk: Desk) -> None:
    tenant = await desk.tenant()
    made = (await tenant.http.post("/v1/api-keys", json=NEW_KEY)).json()

    await tenant.http.delete(f"/v1/api-keys/{made['id']}")
    await tenant.http.delete(f"/v1/api-keys/{made['id']}")

    assert [
        ("tenant.created", "test", encode("ten", tenant.id)),
        ("api_key.issued", "test", key_name(tenant)),
        ("api_key.issued", key_name(tenant), made["id"]),
        ("api_key.revoked", key_name(tenant), made["id"]),
    ] == await desk.audit(tenant.id)


async def test_another_tenants_key_is_not_there(desk: Desk) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    path = f"/v1/api-keys/{key_name(other)}"

    assert 404 == (await tenant.http.get(path)).status_code
    assert 404 == (await tenant.http.delete(path)).status_code
    assert 404 == (await tenant.http.get("/v1/api-keys/key_nonsense")).status_code
    assert 200 == (await other.http.get("/v1/senders")).status_code
    assert key_name(other) not in (await tenant.http.get("/v1/api-keys")).text


async def test_keys_are_paged_in_the_order_they_were_issued(desk: Desk) -> None:
    tenant = await desk.tenant()
    issued = [key_name(tenant)] + [encode("key", (await desk.key(tenant.id))[0]) for _ in range(4)]

    first = await tenant.http.get("/v1/api-keys", params={"limit": 3})
    second = await tenant.http.get("/v1/api-keys", params={"limit": 3, "cursor": first.json()["next_cursor"]})

    assert issued == [key["id"] for key in first.json()["data"] + second.json()["data"]]
    assert (True, False) == (first.json()["has_more"], second.json()["has_more"])
    followed = await tenant.http.get(first.headers["link"].split(">")[0].lstrip("<"))
    assert second.json() == followed.json()


async def test_a_cursor_belongs_to_its_tenant_and_its_list(desk: Desk) -> None:
    tenant, other = await desk.tenant(), await desk.tenant()
    for someone in (tenant, other):
        await desk.key(someone.id)
    cursor = (await tenant.http.get("/v1/api-keys", params={"limit": 1})).json()["next_cursor"]

    elsewhere = await tenant.http.get("/v1/senders", params={"cursor": cursor})
    by_other = await other.http.get("/v1/api-keys", params={"cursor": cursor})

    assert (400, "cursor_invalid") == (elsewhere.status_code, elsewhere.json()["code"])
    assert (400, "cursor_invalid") == (by_other.status_code, by_other.json()["code"])
