"""HTTP as such, over a real socket: sizes, methods, names, ids, and text that no database keeps."""

import json
from typing import Any

import pytest

from tests.edge.operations import Operation, value_of, with_each_text_replaced
from tests.furnish import MARKETING
from tests.house import House

pytestmark = pytest.mark.anyio
JSON = {"content-type": "application/json"}
NOWHERE = "/v1/batches/bat_01h455vb4pex5vsknk084sn02q"


async def test_a_body_over_the_limit_of_its_route_is_refused(shop: House) -> None:
    limit = shop.settings.max_body_bytes

    over = await shop.client.post("/v1/senders", content=b" " * (limit + 1), headers=JSON)
    within = await shop.client.post("/v1/senders", content=b" " * (limit - 2) + b"{}", headers=JSON)
    bulk = await shop.client.post("/v1/batches", content=b" " * (limit * 2) + b"{}", headers=JSON)

    assert (413, "too_large") == (over.status_code, over.json()["code"])
    assert "close" == over.headers["connection"]
    assert (422, 422) == (within.status_code, bulk.status_code)


async def test_the_host_header_is_repeated_nowhere(shop: House) -> None:
    headers = {"host": "evil.invalid", "x-forwarded-host": "evil.invalid"}

    for path in ("/v1/batches/", "/v1/senders", "/docs", "/nowhere", "/errors/", "/v1"):
        answer = await shop.client.get(path, headers=headers)
        assert not answer.is_redirect, path
        assert "evil" not in answer.text + str(answer.headers), path


async def test_what_is_not_there_and_a_method_that_is_not_known_are_problems(shop: House) -> None:
    missing = await shop.client.get("/v1/nowhere")
    slash = await shop.client.get("/v1/senders/")
    method = await shop.client.put("/v1/senders")
    options = await shop.client.options(NOWHERE)

    assert [404, 404, 405, 405] == [answer.status_code for answer in (missing, slash, method, options)]
    assert ("not_found", "method_not_allowed") == (missing.json()["code"], method.json()["code"])
    assert ("GET, HEAD, POST", "GET, HEAD") == (method.headers["allow"], options.headers["allow"])
    for answer in (missing, slash, method, options):
        assert "application/problem+json" == answer.headers["content-type"]
        assert answer.headers["x-request-id"] == answer.json()["request_id"]


async def test_every_get_answers_head_with_the_same_headers_and_no_body(
    shop: House, operations: list[Operation]
) -> None:
    for one in [one for one in operations if one.method == "get"]:
        head, get = await shop.client.head(one.url()), await shop.client.get(one.url())
        assert (get.status_code, b"") == (head.status_code, head.content), one.id
        assert get.headers["content-type"] == head.headers["content-type"], one.id


async def test_a_callers_request_id_comes_back_unless_it_may_not_be_logged(shop: House) -> None:
    mine = await shop.client.get(NOWHERE, headers={"x-request-id": "mine-0001"})
    number = await shop.client.get(NOWHERE, headers={"x-request-id": "905321234567"})

    assert "mine-0001" == mine.headers["x-request-id"] == mine.json()["request_id"]
    assert number.headers["x-request-id"].startswith("req_")


async def test_every_answer_carries_the_headers_that_keep_it_private(shop: House) -> None:
    for path in ("/v1/senders", "/v1/nowhere", "/livez", "/metrics", "/openapi.json"):
        headers = (await shop.client.get(path)).headers
        assert ("nosniff", "no-referrer") == (headers["x-content-type-options"], headers["referrer-policy"])
        assert "no-store" == headers["cache-control"], path


async def test_a_zero_byte_in_an_address_is_malformed(shop: House) -> None:
    for path in ("/v1/purposes/%00", f"{NOWHERE}/messages?reason=%00", "/v1/senders?cursor=%00"):
        answer = await shop.client.get(path)
        assert (400, "malformed_request") == (answer.status_code, answer.json()["code"]), path


async def test_no_text_in_any_field_is_an_error_of_ours(
    shop: House, document: Any, operations: list[Operation]
) -> None:
    """A body that is accepted, from the document; then each of its texts replaced by one that no column keeps."""
    schemas = document["components"]["schemas"]
    taken = 0
    for one in operations:
        schema = one.body_schema()
        if schema is None:
            continue
        whole = value_of(schema, schemas, fitting(shop))
        taken += (await shop.client.request(one.method, one.url(), json=whole)).is_success
        for text in ("\0", "\ud800"):
            for place, body in with_each_text_replaced(whole, text):
                answer = await shop.client.request(one.method, one.url(), content=json.dumps(body), headers=JSON)
                assert answer.status_code < 500, (one.id, place, text)

    assert taken >= 12


def fitting(house: House) -> dict[str, Any]:
    """What the document's examples cannot know; None leaves a field out."""
    known = {"sender": house.tenant.sender, "notice_version_id": house.tenant.notice_version, "scope": "marketing"}
    shaped = {"language": "tr", "phone_number_id": "123456", "waba_id": "123456", "display_phone_number": "+908500"}
    texts = {"purposes": [MARKETING], "transaction_id": "iys-1", "occurred_at": "2026-11-02T09:15:04Z"}
    left_out = dict.fromkeys(("user_id", "basis_ref", "valid_until", "send_at", "expires_at", "grace_days"))
    left_out |= dict.fromkeys(("supersedes", "renews", "evidence_ids", "notice_shown_at", "shown_since"))
    return known | shaped | texts | left_out
