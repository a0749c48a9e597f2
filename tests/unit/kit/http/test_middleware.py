from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.kit.http.middleware import read_request_id, read_trace
from app.kit.metrics import Metrics
from tests.unit.kit.http.things import make_app

pytestmark = pytest.mark.anyio
THING = "/v1/things/thg_01h2xcejqtf2nbrexx3vqjhp41"
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


async def endless() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 100


async def in_pieces(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // 100):
        yield b"x" * 100


async def test_one_line_tells_of_one_request(http: httpx.AsyncClient, log_lines: Any) -> None:
    await http.get(f"{THING}?to=%2B905321234567", headers={"traceparent": TRACE, "x-request-id": "mine-0001"})

    (line,) = log_lines()
    assert {
        "event": "http.answered",
        "method": "GET",
        "route": "/v1/things/{thing_id}",
        "status": 200,
        "request_id": "mine-0001",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "thing_id": "0188bac7-4afa-78aa-bc3b-bd1eef28d881",
    }.items() <= line.items()
    assert line["bytes"] > 0
    assert line["duration_ms"] >= 0
    assert "90532" not in str(line)


async def test_what_one_request_bound_is_gone_in_the_next(http: httpx.AsyncClient, log_lines: Any) -> None:
    await http.get(THING)
    await http.get("/v1/things")
    await http.get("/nowhere/905321234567")

    assert ["/v1/things/{thing_id}", "/v1/things", "unmatched"] == [line["route"] for line in log_lines()]
    assert [True, False, False] == ["thing_id" in line for line in log_lines()]


@pytest.mark.parametrize(
    "given", [b"", b"short", b"a" * 65, b"has space", b"\xff" * 10, b"+905321234567", b"905321234567"]
)
def test_a_request_id_that_may_not_be_logged_is_replaced(given: bytes) -> None:
    assert read_request_id(given).startswith("req_")


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"x",
        b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01",
        TRACE[:-1].encode(),
        b"ff" + TRACE[2:].encode(),
    ],
)
def test_a_broken_traceparent_is_ignored(given: bytes) -> None:
    assert {} == read_trace(given)


async def test_every_answer_carries_the_headers_unless_it_set_its_own(http: httpx.AsyncClient) -> None:
    for path in (THING, "/nowhere", "/v1/things/plain/text"):
        headers = (await http.get(path)).headers
        assert ("nosniff", "no-referrer") == (headers["x-content-type-options"], headers["referrer-policy"])
    assert "max-age=5" == headers["cache-control"]
    assert "no-store" == (await http.get(THING)).headers["cache-control"]


async def test_a_body_over_the_limit_is_refused_by_its_length(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/things", json={"name": "x" * 1000})

    assert (413, "too_large") == (answer.status_code, answer.json()["code"])
    assert "application/problem+json" == answer.headers["content-type"]


async def test_a_body_without_a_length_is_cut_where_the_limit_is(http: httpx.AsyncClient) -> None:
    answer = await http.post("/v1/things", content=endless(), headers={"content-type": "application/json"})

    assert (413, "too_large") == (answer.status_code, answer.json()["code"])


async def test_a_route_has_the_limit_it_asked_for(http: httpx.AsyncClient) -> None:
    within = await http.post("/v1/things/bulk", content=in_pieces(50_000))
    over = await http.post("/v1/things/bulk", content=endless())
    announced = await http.post("/v1/things/bulk", content=b"x" * 1_000_001)

    assert (200, 50_000) == (within.status_code, within.json())
    assert (413, 413) == (over.status_code, announced.status_code)
    assert "too_large" == over.json()["code"] == announced.json()["code"]
    assert "close" == over.headers["connection"]


async def test_an_upload_that_is_cut_off_is_no_error_of_ours(log_lines: Any) -> None:
    sent: list[Any] = []
    messages = iter([{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/things/bulk", "query_string": b"", "headers": []}
    await make_app()(scope, receive, send)

    assert [] == sent
    assert [("http.cut_off", "info"), ("http.answered", "info")] == [
        (line["event"], line["level"]) for line in log_lines()
    ]
    assert None is log_lines()[1]["status"]


async def test_a_host_that_is_not_ours_is_refused() -> None:
    transport = httpx.ASGITransport(make_app(allowed_hosts=("things",)))
    async with httpx.AsyncClient(transport=transport) as http:
        ours = await http.get("http://THINGS:8000/v1/things")
        other = await http.get("http://evil.invalid/v1/things")

    assert (200, 400) == (ours.status_code, other.status_code)
    assert "host_unknown" == other.json()["code"]


async def test_an_answer_that_breaks_in_the_middle_is_broken_off(http: httpx.AsyncClient, log_lines: Any) -> None:
    with pytest.raises(RuntimeError, match="no second half"):
        await http.post("/v1/things/explode-late")

    assert ["http.failed", "http.answered"] == [line["event"] for line in log_lines()]


async def test_head_is_a_get_without_its_body_and_is_told_as_head(http: httpx.AsyncClient, log_lines: Any) -> None:
    head, get = await http.head(THING), await http.get(THING)

    assert (200, b"") == (head.status_code, head.content)
    assert get.headers["content-length"] == head.headers["content-length"]
    assert [("HEAD", 0), ("GET", len(get.content))] == [(line["method"], line["bytes"]) for line in log_lines()]


async def test_an_address_with_a_zero_byte_is_malformed(http: httpx.AsyncClient) -> None:
    for address in ("/v1/things/plain/%00", "/v1/things?state=%00"):
        assert 400 == (await http.get(address)).status_code


async def test_requests_are_counted_by_template() -> None:
    metrics = Metrics()
    transport = httpx.ASGITransport(make_app(metrics=metrics))
    async with httpx.AsyncClient(transport=transport, base_url="http://things") as http:
        await http.get(THING)
        await http.get("/nowhere/905321234567")

    text = metrics.render()[0].decode()
    assert 'toplu_http_requests_total{method="GET",route="/v1/things/{thing_id}",status="2xx"} 1.0' in text
    assert 'route="unmatched",status="4xx"} 1.0' in text
    assert "905321234567" not in text
