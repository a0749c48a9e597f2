"""What the client says about servers that behave badly: real sockets, no mocks.

The line that matters: NotSent only when no byte can have left. Anything else may have been read.
Longer than 300 lines because all misbehaviour can be read side by side so.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.whatsapp.client import CloudApi, Timeouts
from app.whatsapp.outcomes import Accepted, Deferred, NotSent, Outcome, Uncertain
from app.whatsapp.transport import open_transport
from tests.unit.whatsapp import hostile
from tests.unit.whatsapp.hostile import ACCEPTED, Seen, http, serving

pytestmark = pytest.mark.anyio

TOKEN = "a-token"
NUMBER = "100000000000001"
BODY = b'{"messaging_product":"whatsapp"}'
# Patient where the answer itself decides, so that a busy machine changes nothing; quick where time decides.
PATIENT = Timeouts(connect_s=10.0, read_s=10.0, total_s=20.0)
QUICK = Timeouts(connect_s=0.2, read_s=0.2, total_s=10.0)
SHORT = Timeouts(connect_s=10.0, read_s=10.0, total_s=0.3)


@pytest.fixture(scope="module", params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops: they tell of broken connections in their own ways, and production has the second."""
    return "asyncio", {"use_uvloop": request.param}


@contextlib.asynccontextmanager
async def client_of(
    base_url: str, timeouts: Timeouts = PATIENT, ca_file: Path | None = None
) -> AsyncIterator[CloudApi]:
    transport = open_transport(max_connections=4, ca_file=ca_file)
    try:
        yield CloudApi(base_url, "v23.0", transport, timeouts)
    finally:
        await transport.aclose()


async def post_to(behave: hostile.Behaviour, seen: Seen, timeouts: Timeouts = PATIENT) -> Outcome:
    """One POST against one behaviour, with a fresh connection."""
    async with serving(behave, seen) as port, client_of(f"http://127.0.0.1:{port}", timeouts) as api:
        return await api.post(NUMBER, TOKEN, BODY)


async def test_a_good_answer_is_accepted_with_its_ids() -> None:
    seen = Seen()

    outcome = await post_to(hostile.answering(http("200 OK", ACCEPTED), seen), seen)

    assert Accepted("wamid.A", "905321234567", held=False) == outcome


async def test_the_request_on_the_wire_is_what_meta_documents() -> None:
    seen = Seen()

    await post_to(hostile.answering(http("200 OK", ACCEPTED), seen), seen)

    head, _, body = seen.requests[0].partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    assert lines[0] == f"POST /v23.0/{NUMBER}/messages HTTP/1.1"
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["content-type"] == "application/json"
    assert headers["accept-encoding"] == "identity"
    assert body == BODY


async def test_a_refused_connection_is_not_sent() -> None:
    async with client_of(f"http://127.0.0.1:{hostile.free_port()}") as api:
        outcome = await api.post(NUMBER, TOKEN, BODY)

    assert NotSent("connect_failed") == outcome


async def test_a_name_without_an_address_is_not_sent() -> None:
    async with client_of("https://nowhere.invalid") as api:
        outcome = await api.post(NUMBER, TOKEN, BODY)

    assert isinstance(outcome, NotSent)


async def test_a_full_accept_queue_is_not_sent() -> None:
    # A listener that never accepts, its queue filled, so that the next handshake gets no answer.
    with socket.socket() as listener, contextlib.ExitStack() as fillers:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(listener.getsockname())
        async with client_of(f"http://127.0.0.1:{listener.getsockname()[1]}", QUICK) as api:
            outcome = await api.post(NUMBER, TOKEN, BODY)

    assert NotSent("connect_timeout") == outcome


async def test_tls_to_a_plain_server_is_not_sent() -> None:
    seen = Seen()

    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(http("400 Bad Request", b"plain speakers only"))
        await writer.drain()

    async with serving(plain, seen) as port, client_of(f"https://127.0.0.1:{port}") as api:
        outcome = await api.post(NUMBER, TOKEN, BODY)

    assert NotSent("connect_failed") == outcome


async def test_a_certificate_nobody_vouches_for_is_not_sent(tmp_path: Path) -> None:
    seen = Seen()
    tls = hostile.self_signed(tmp_path)

    async with (
        serving(hostile.answering(http("200 OK", ACCEPTED), seen), seen, tls) as port,
        client_of(f"https://127.0.0.1:{port}") as api,
    ):
        outcome = await api.post(NUMBER, TOKEN, BODY)

    assert NotSent("connect_failed") == outcome
    assert seen.requests == []


async def test_a_certificate_of_an_authority_named_in_the_settings_is_trusted(tmp_path: Path) -> None:
    seen = Seen()
    tls = hostile.self_signed(tmp_path)

    async with (
        serving(hostile.answering(http("200 OK", ACCEPTED), seen), seen, tls) as port,
        client_of(f"https://127.0.0.1:{port}", ca_file=tmp_path / "server.pem") as api,
    ):
        outcome = await api.post(NUMBER, TOKEN, BODY)

    assert isinstance(outcome, Accepted)


async def test_a_server_that_hangs_up_during_the_tls_handshake_is_not_sent() -> None:
    async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read(1)

    seen = Seen()
    async with serving(hang_up, seen) as port, client_of(f"https://127.0.0.1:{port}") as api:
        outcome = await api.post(NUMBER, TOKEN, BODY)

    assert NotSent("connect_failed") == outcome


async def test_plain_http_to_a_tls_server_is_uncertain(tmp_path: Path) -> None:
    seen = Seen()
    tls = hostile.self_signed(tmp_path)

    async with (
        serving(hostile.answering(http("200 OK", ACCEPTED), seen), seen, tls) as port,
        client_of(f"http://127.0.0.1:{port}") as api,
    ):
        outcome = await api.post(NUMBER, TOKEN, BODY)

    assert isinstance(outcome, Uncertain)


async def test_waiting_in_vain_for_a_free_connection_is_not_sent() -> None:
    seen = Seen()
    transport = open_transport(max_connections=1)

    async with serving(hostile.silent(seen), seen) as port:
        holder, waiter = (
            CloudApi(f"http://127.0.0.1:{port}", "v23.0", transport, timeouts) for timeouts in (PATIENT, QUICK)
        )
        holding = asyncio.create_task(holder.post(NUMBER, TOKEN, BODY))
        await seen.arrived.wait()
        outcome = await waiter.post(NUMBER, TOKEN, BODY)
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
    await transport.aclose()

    assert NotSent("connect_timeout") == outcome
    assert len(seen.requests) == 1


UNCERTAIN_ANSWERS = {
    "closes before the answer": (b"", "connection_lost"),
    "half a status line": (b"HTTP/1.1 20", "connection_lost"),
    "half the headers": (b"HTTP/1.1 200 OK\r\nContent-Le", "connection_lost"),
    "no HTTP at all": (b"\x15\x03\x01\x00\x02\x02\x46" * 9 + b"\r\n\r\n", "protocol_error"),
    "body shorter than promised": (http("200 OK", ACCEPTED[:40], length=len(ACCEPTED)), "connection_lost"),
    "JSON cut in the middle": (http("200 OK", ACCEPTED[:40]), "answer_unreadable"),
    "empty 200": (http("200 OK", b""), "answer_unreadable"),
    "a page instead of JSON": (http("200 OK", b"<html>signed in</html>"), "answer_unreadable"),
    "a JSON list": (http("200 OK", b"[]"), "answer_unreadable"),
    "HTML 502": (http("502 Bad Gateway", b"<html>Bad Gateway</html>", "Content-Type: text/html"), "http_502"),
    "empty 503": (http("503 Service Unavailable", b""), "http_503"),
    "a proxy's 400": (http("400 Bad Request", b"<html>no</html>"), "http_400"),
    "JSON 429 of a proxy": (http("429 Too Many Requests", b'{"error":"slow down"}'), "http_429"),
    "gzip that is none": (http("200 OK", b"\x1f\x8b garbage", "Content-Encoding: gzip"), "answer_encoded"),
    "307 elsewhere": (http("307 Temporary Redirect", b"", "Location: http://127.0.0.1:1/"), "http_307"),
    "100 KB": (http("200 OK", b"[" + b" " * 102_400 + b"]"), "answer_too_long"),
    "100 KB of one header": (http("200 OK", ACCEPTED, "X-Long: " + "x" * 102_400), "protocol_error"),
    "deep nesting": (http("200 OK", b"[" * 60_000), "answer_unreadable"),
    "invalid UTF-8": (http("200 OK", b'{"messages":[{"id":"\xff"}]}'), "answer_unreadable"),
    "chunks that are none": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + ACCEPTED,
        "protocol_error",
    ),
}


@pytest.mark.parametrize("name", UNCERTAIN_ANSWERS)
async def test_an_answer_that_proves_nothing_is_uncertain_and_asked_for_once(name: str) -> None:
    answer, why = UNCERTAIN_ANSWERS[name]
    seen = Seen()

    outcome = await post_to(hostile.answering_once_then_closing(answer, seen), seen)

    assert Uncertain(why) == outcome
    assert len(seen.requests) == 1


@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 200 OK\r\n", http("200 OK", b"{", length=99)])
async def test_a_reset_after_the_request_is_uncertain(before: bytes) -> None:
    seen = Seen()

    outcome = await post_to(hostile.resetting(before, seen), seen)

    assert Uncertain("connection_lost") == outcome
    assert len(seen.requests) == 1


async def test_silence_beyond_the_read_timeout_is_uncertain() -> None:
    seen = Seen()

    outcome = await post_to(hostile.silent(seen), seen, QUICK)

    assert Uncertain("read_timeout") == outcome
    assert len(seen.requests) == 1


@pytest.mark.parametrize("part", ["headers", "body"])
async def test_a_trickle_is_cut_at_the_deadline_and_is_uncertain(part: str) -> None:
    padding = ["X-Pad: " + "p" * 4_000] if part == "headers" else []
    body = b" " * 4_000 if part == "body" else b""
    seen = Seen()

    outcome = await post_to(hostile.trickling(http("200 OK", body, *padding), seen, 0.02), seen, SHORT)

    assert Uncertain("deadline") == outcome


async def test_an_answer_in_many_pieces_is_read_whole() -> None:
    seen = Seen()

    outcome = await post_to(hostile.trickling(http("200 OK", ACCEPTED), seen, 0.001), seen)

    assert Accepted("wamid.A", "905321234567", held=False) == outcome


async def test_a_200_without_a_readable_id_is_accepted_without_one() -> None:
    seen = Seen()
    answer = http("200 OK", b'{"messaging_product":"whatsapp","messages":[{}]}')

    outcome = await post_to(hostile.answering(answer, seen), seen)

    assert Accepted(None, None, held=False) == outcome


async def test_a_graph_error_is_believed_whatever_the_content_type_says() -> None:
    seen = Seen()
    error = b'{"error":{"message":"(#130429) Rate limit hit","code":130429}}'

    outcome = await post_to(hostile.answering(http("503 x", error, "Content-Type: text/html"), seen), seen)

    assert Deferred(130429, 2, "sender") == outcome


async def test_a_connection_closed_between_requests_is_not_used_again() -> None:
    seen = Seen()
    behave = hostile.answering_once_then_closing(http("200 OK", ACCEPTED), seen)

    async with serving(behave, seen) as port, client_of(f"http://127.0.0.1:{port}") as api:
        first = await api.post(NUMBER, TOKEN, BODY)
        await seen.closed.wait()
        await asyncio.sleep(0.05)  # the loop turns once, and the client notices
        second = await api.post(NUMBER, TOKEN, BODY)

    assert [Accepted("wamid.A", "905321234567", held=False)] * 2 == [first, second]
    assert seen.connections == 2


async def test_a_kept_connection_that_dies_under_the_second_request_is_uncertain_and_not_retried() -> None:
    seen = Seen()

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hostile.read_request(reader, seen)
        writer.write(http("200 OK", ACCEPTED))
        await hostile.read_request(reader, seen)

    async with serving(behave, seen) as port, client_of(f"http://127.0.0.1:{port}") as api:
        first = await api.post(NUMBER, TOKEN, BODY)
        second = await api.post(NUMBER, TOKEN, BODY)

    assert [first, second] == [Accepted("wamid.A", "905321234567", held=False), Uncertain("connection_lost")]
    assert (seen.connections, len(seen.requests)) == (1, 2)


async def test_connections_are_kept_and_cookies_are_not() -> None:
    seen = Seen()
    behave = hostile.answering(http("200 OK", ACCEPTED, "Set-Cookie: a=b; Path=/"), seen)

    async with serving(behave, seen) as port, client_of(f"http://localhost:{port}") as api:
        for _ in range(3):
            await api.post(NUMBER, TOKEN, BODY)

    assert (seen.connections, len(seen.requests)) == (1, 3)
    assert not any(b"cookie" in request.lower() for request in seen.requests)


async def test_an_oversized_answer_does_not_poison_the_next_request() -> None:
    seen = Seen()
    answers = iter([http("200 OK", b" " * 200_000), http("200 OK", ACCEPTED)])

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await hostile.read_request(reader, seen)
            writer.write(next(answers))
            await writer.drain()

    async with serving(behave, seen) as port, client_of(f"http://127.0.0.1:{port}") as api:
        outcomes = [await api.post(NUMBER, TOKEN, BODY) for _ in range(2)]

    assert outcomes == [Uncertain("answer_too_long"), Accepted("wamid.A", "905321234567", held=False)]


async def test_a_proxy_named_by_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen()
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{hostile.free_port()}")
    monkeypatch.setenv("NO_PROXY", "")

    outcome = await post_to(hostile.answering(http("200 OK", ACCEPTED), seen), seen)

    assert Accepted("wamid.A", "905321234567", held=False) == outcome


async def test_a_cancelled_post_ends_as_cancelled_and_sends_once() -> None:
    seen = Seen()

    async with serving(hostile.silent(seen), seen) as port, client_of(f"http://127.0.0.1:{port}") as api:
        task = asyncio.create_task(api.post(NUMBER, TOKEN, BODY))
        await seen.arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert len(seen.requests) == 1


async def test_no_error_of_the_transport_names_the_address() -> None:
    transport = open_transport()
    request = httpx.Request("POST", f"http://127.0.0.1:{hostile.free_port()}/")

    with pytest.raises(httpx.ConnectError) as caught:
        await transport.handle_async_request(request)
    await transport.aclose()

    assert str(caught.value) == ""
