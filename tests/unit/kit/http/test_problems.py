import json
from typing import Any

import httpx
import pytest

from app.kit.http.fields import MAX_FIELDS, point
from tests.unit.kit.http.things import CANARY

pytestmark = pytest.mark.anyio
THING = "/v1/things/thg_01h2xcejqtf2nbrexx3vqjhp41"


async def refused(http: httpx.AsyncClient, body: object) -> list[dict[str, Any]]:
    answer = await http.post("/v1/things", json=body)
    assert 422 == answer.status_code
    errors: list[dict[str, Any]] = answer.json()["errors"]
    return errors


async def test_an_error_of_a_room_becomes_its_problem(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{THING}/close", headers={"x-request-id": "my-request-1"})

    assert (409, "application/problem+json") == (answer.status_code, answer.headers["content-type"])
    assert {
        "type": "/errors/thing_closed",
        "title": "Thing closed",
        "status": 409,
        "detail": "This thing is closed.",
        "code": "thing_closed",
        "request_id": "my-request-1",
        "retryable": False,
        "action": "Read the current state and decide again.",
        "current_state": "closed",
        "allowed_actions": ["open"],
    } == answer.json()


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1/things/not-an-id", 404, "not_found"),
        ("GET", "/v1/things/oth_01h2xcejqtf2nbrexx3vqjhp41", 404, "not_found"),
        ("DELETE", "/v1/things", 405, "method_not_allowed"),
        ("POST", "/v1/things/enter", 401, "unauthorized"),
        ("POST", "/v1/things/overload", 503, "unavailable"),
        ("POST", "/v1/things/explode", 500, "internal_error"),
    ],
)
async def test_everything_that_goes_wrong_has_one_shape(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await http.request(method, path)

    body = answer.json()
    assert (status, status, code, f"/errors/{code}") == (
        answer.status_code,
        body["status"],
        body["code"],
        body["type"],
    )
    assert answer.headers["x-request-id"] == body["request_id"]
    assert "905321234567" not in answer.text


async def test_headers_that_belong_to_a_status_are_there(http: httpx.AsyncClient) -> None:
    entered = await http.post("/v1/things/enter")
    overloaded = await http.post("/v1/things/overload")
    deleted = await http.delete("/v1/things")

    assert "Bearer" == entered.headers["www-authenticate"]
    assert ("2", 2) == (overloaded.headers["retry-after"], overloaded.json()["retry_after_s"])
    assert "GET, HEAD, POST" == deleted.headers["allow"]


@pytest.mark.parametrize(
    ("content", "media_type", "status", "code"),
    [
        (b'{"name": ', "application/json", 400, "malformed_request"),
        (b"\xff\xfe", "application/json", 400, "malformed_request"),
        (b"name=x", "application/x-www-form-urlencoded", 415, "unsupported_type"),
        (b'{"name": "x"}', None, 415, "unsupported_type"),
        (b"", "application/json", 422, "validation_failed"),
        (b"[]", "application/json", 422, "validation_failed"),
        (b"null", "application/json", 422, "validation_failed"),
        (b'{"name": "x"}', "application/vnd.things+json; charset=utf-8", 201, None),
    ],
)
async def test_a_body_that_cannot_be_read_says_why(
    http: httpx.AsyncClient, content: bytes, media_type: str | None, status: int, code: str | None
) -> None:
    headers = {"content-type": media_type} if media_type else {}

    answer = await http.post("/v1/things", content=content, headers=headers)

    assert (status, code) == (answer.status_code, answer.json().get("code"))


async def test_a_pointer_leads_to_the_field_also_through_unions(http: httpx.AsyncClient) -> None:
    parts = [{"to": "a"}, {"to": 7, "form": {"shape": "round", "radius": "x"}}, {"form": {"shape": "square"}}]

    errors = await refused(http, {"parts": parts})

    assert {
        ("/name", "missing"),
        ("/parts/1/to", "string_type"),
        ("/parts/1/form/radius", "int_parsing"),
        ("/parts/2/to", "missing"),
        ("/parts/2/form/side", "missing"),
    } == {(error["pointer"], error["code"]) for error in errors}
    assert {"body"} == {error["in"] for error in errors}


async def test_what_is_no_id_is_told_once(http: httpx.AsyncClient) -> None:
    errors = await refused(http, {"name": "x", "beside": "oth_01h2xcejqtf2nbrexx3vqjhp41"})

    assert [("/beside", "id_invalid")] == [(error["pointer"], error["code"]) for error in errors]


async def test_a_query_error_points_into_the_query(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/things?limit=many&state=odd")

    assert [("query", "/state"), ("query", "/limit")] == [
        (error["in"], error["pointer"]) for error in answer.json()["errors"]
    ]


async def test_null_is_refused_where_the_document_knows_no_null(http: httpx.AsyncClient) -> None:
    errors = await refused(http, {"name": "x", "at": None})

    assert ["/at"] == [error["pointer"] for error in errors]


@pytest.mark.parametrize(
    "body",
    [
        {"name": CANARY * 3},
        {"name": "x", CANARY: 1},
        {"name": "x", "905321234567": 1},
        {"name": "x", "EAAcanarytoken123": 1},
        {"name": "x", "Ayşe Yılmaz": 1},
        {"name": "x", "at": CANARY},
        {"name": "x", "parent": CANARY},
        {"name": "x", "parts": [{"to": CANARY * 2}]},
        {"name": "x", "parts": [{"to": "a", "form": {"shape": CANARY}}]},
        {"name": "x", "parts": CANARY},
        {"name": [CANARY]},
        CANARY,
        [CANARY],
    ],
)
async def test_no_answer_and_no_log_repeats_what_was_sent(
    http: httpx.AsyncClient, body: object, log_lines: Any
) -> None:
    answer = await http.post("/v1/things", json=body)

    assert 422 == answer.status_code
    said = answer.text + json.dumps(log_lines())
    assert [] == [word for word in ("905321234567", "canarytoken", "Ayşe", "Ay\\u") if word in said]


async def test_a_validator_may_speak_only_through_bad_value(http: httpx.AsyncClient) -> None:
    errors = await refused(http, {"name": "x", "parts": [{"to": "too long"}, {"to": "y" * 21}]})

    assert [
        ("/parts/0/to", "part_too_long", "A part is short."),
        ("/parts/1/to", "value_error", "This value is not acceptable."),
    ] == [(error["pointer"], error["code"], error["detail"]) for error in errors]


async def test_a_thousand_errors_are_told_in_a_hundred(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/things", json={"name": "x", "parts": [1] * 300})

    assert MAX_FIELDS == len(answer.json()["errors"])
    assert 300 - MAX_FIELDS == answer.json()["more_errors"]


async def test_an_unexpected_error_is_logged_with_the_request_and_told_to_nobody(
    http: httpx.AsyncClient, log_lines: Any
) -> None:
    answer = await http.post("/v1/things/explode")

    failed = next(line for line in log_lines() if line["event"] == "http.failed")
    assert answer.json()["request_id"] == failed["request_id"]
    assert "RuntimeError: the number +*** exploded" in failed["exception"]
    assert "exploded" not in answer.text


async def test_a_pointer_escapes_nothing_because_odd_names_are_not_shown() -> None:
    body = {"a/b": {"c~d": 1}, "list": [{"x": 1}], "k": 1}

    assert "/?/?" == point(("a/b", "c~d"), body)
    assert "/list/0/x" == point(("list", 0, "function-after", "x"), body)
    assert "/k" == point(("k", "int"), body)
    assert "/list/0/y" == point(("list", 0, "y"), body, missing=True)
