"""Post one message to the Cloud API and say, as a type, what became of it.

The rule behind every line: an answer is believed only when it is Meta's own (a JSON object that accepts, or
a Graph error object, judged by its code); an exception is believed only about whether bytes may have left.
Everything else is `Uncertain`, because the message may be on its way.

Source: Meta, "Messages API" and "Error codes" (2026-09). Timeouts: connect 5 s, read 30 s, ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import httpx
import structlog

from app.kit.deadlines import Deadline
from app.kit.net import is_loopback
from app.whatsapp.answers import read_answer
from app.whatsapp.outcomes import Halted, NotSent, Outcome, Uncertain

MAX_ANSWER_BYTES: Final = 65_536  # a real answer is about 200 bytes

_HEADERS: Final = (
    (b"Content-Type", b"application/json"),
    (b"Accept", b"application/json"),
    (b"Accept-Encoding", b"identity"),  # 200 bytes gain nothing, and a bomb needs an inflater
    (b"User-Agent", b"toplu"),
)
_CODE_OF_A_BAD_TOKEN: Final = 0  # Meta's own code for a token it cannot use
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}", re.ASCII)
_NUMBER_ID: Final = re.compile(r"[0-9]{1,32}", re.ASCII)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, in seconds.

    `connect_s` bounds waiting for a free connection and opening it; `read_s` bounds each silence of the server, the
    first one together with `connect_s`; `total_s` bounds the whole POST, so that a server that trickles bytes cannot
    hold it for ever.
    """

    connect_s: float = 5.0
    read_s: float = 30.0
    total_s: float = 40.0


class CloudApi:
    """The `/messages` endpoint of one Graph version, over a transport that the caller opens and closes."""

    def __init__(
        self,
        base_url: str,
        version: str,
        transport: httpx.AsyncBaseTransport,
        timeouts: Timeouts | None = None,
    ) -> None:
        """Remember where to post, for instance to `https://graph.facebook.com` and `v23.0`.

        Raises ValueError when the address is not https with a host (http on this machine only: the token travels
        with each message), or the version not like `v23.0`.
        """
        url = httpx.URL(base_url)
        if url.scheme not in ("http", "https") or not url.host or url.userinfo or url.query:
            raise ValueError("base_url must be https://host[:port][/path]")
        if url.scheme == "http" and not is_loopback(url.host):
            raise ValueError("base_url must be https: over http the token would travel in clear")
        if not re.fullmatch(r"v[0-9]{1,3}\.[0-9]{1,2}", version):
            raise ValueError("version must look like v23.0")
        wait = timeouts or Timeouts()
        self._root = f"{str(url).rstrip('/')}/{version}/"
        self._transport = transport
        self._deadline = Deadline(wait.total_s)
        self._extensions = {
            "timeout": {
                "connect": wait.connect_s,
                "pool": wait.connect_s,  # aiohttp counts queueing and connecting together under this one
                "read": wait.read_s,
                "write": wait.read_s,
            }
        }
        self._url = lru_cache(maxsize=4_096)(self._messages_url)  # parsing a URL costs more than sending it

    async def post(self, phone_number_id: str, token: str, body: bytes) -> Outcome:
        """Post one message body (from `payloads`) and classify what happened. Sends at most once.

        Expected failures are values. Raises ValueError for a phone_number_id that is not decimal, before
        anything is sent. If the task is cancelled, CancelledError passes through and the fact is lost with
        it: bytes may have left. So whoever may be cancelled must shield this call and wait for its end.
        """
        request = self._request(phone_number_id, token, body)
        if request is None:
            return Halted(_CODE_OF_A_BAD_TOKEN, "credentials")
        try:
            outcome = await self._deadline.hold(self._exchange(request))
        except TimeoutError:
            outcome = Uncertain("deadline")
        if isinstance(outcome, NotSent | Uncertain):
            log.warning("whatsapp.no_answer", outcome=type(outcome).__name__, why=outcome.why)
        return outcome

    def _request(self, phone_number_id: str, token: str, body: bytes) -> httpx.Request | None:
        if not _TOKEN.fullmatch(token):
            return None  # cannot stand in a header; aiohttp would fail after taking a connection
        # Raw headers and a stream: httpx then takes them as they are, in 3 us instead of 23 (2026-11).
        return httpx.Request(
            "POST",
            self._url(phone_number_id),
            headers=[(b"Authorization", b"Bearer " + token.encode("ascii")), *_HEADERS],
            stream=httpx.ByteStream(body),
            extensions=self._extensions,
        )

    def _messages_url(self, phone_number_id: str) -> httpx.URL:
        if not _NUMBER_ID.fullmatch(phone_number_id):
            raise ValueError("phone_number_id must be decimal digits")
        return httpx.URL(f"{self._root}{phone_number_id}/messages")

    async def _exchange(self, request: httpx.Request) -> Outcome:
        try:
            response = await self._transport.handle_async_request(request)
        except Exception as error:  # noqa: BLE001  see _after_error: every error has a meaning here
            return _after_error(error)
        try:
            raw = await _read_capped(response)
        except Exception:  # noqa: BLE001  the status line arrived, so the request was read: uncertain, never lost
            return Uncertain("connection_lost")
        if raw is None:
            return Uncertain("answer_too_long")
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            return Uncertain("answer_encoded")
        return read_answer(response.status_code, raw)


async def _read_capped(response: httpx.Response) -> bytes | None:
    """Read the undecoded body; None when it is longer than MAX_ANSWER_BYTES. Always closes the stream."""
    raw = bytearray()
    stream = response.stream  # not `aiter_raw`: it buffers and counts what we cap ourselves
    assert isinstance(stream, httpx.AsyncByteStream)
    try:
        async for chunk in stream:
            raw += chunk
            if len(raw) > MAX_ANSWER_BYTES:
                return None
    finally:
        await stream.aclose()
    return bytes(raw)


def _after_error(error: Exception) -> Outcome:
    """Say whether bytes may have left, by the kind of error; what is not known to be safe is uncertain.

    Only errors of taking a connection prove that nothing left. A failed write does not: TCP may have
    delivered what came before. An error of a kind we never foresaw must not lose the message either.
    """
    match error:
        case httpx.ConnectError():
            return NotSent("connect_failed")
        case httpx.ConnectTimeout():
            return NotSent("connect_timeout")
        case httpx.PoolTimeout():
            return NotSent("pool_timeout")
        case httpx.UnsupportedProtocol():
            return NotSent("bad_address")
        case httpx.TimeoutException():
            return Uncertain("read_timeout")
        case httpx.NetworkError():
            return Uncertain("connection_lost")
        case httpx.TransportError():
            return Uncertain("protocol_error")
        case _:
            log.error("whatsapp.unforeseen_error", kind=type(error).__name__)
            return Uncertain("unforeseen")
