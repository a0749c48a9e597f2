"""Open the pooled connections to WhatsApp: aiohttp underneath, httpx's types on top, honest exceptions.

The adapter is ours. httpx-aiohttp 0.2.0, which it replaced, maps *every* aiohttp connection error to
`httpx.ConnectTimeout` or `ConnectError`: a server that takes the request and hangs up (`ServerDisconnectedError`) or
resets (`ClientOSError`) comes out as if no byte had left, and believing it means sending twice. It also wraps and
copies each exchange (docs/performance.md has the figures). What proves that nothing left is a short list here; the
hostile-server tests hold it in place.

aiohttp 3.14.5 repeats a request by itself only for idempotent methods (`IDEMPOTENT_METHODS`), never a POST.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Callable
from functools import lru_cache
from pathlib import Path
from typing import Final

import aiohttp
import httpx

from app.kit.deadlines import Deadline

KEEPALIVE_EXPIRY_S: Final = 20.0  # below the 60 s and more after which front ends drop an idle connection
NO_LIMIT_S: Final = 3600.0  # where the caller names none
MAX_HEADER_BYTES: Final = 16_384  # one header field or the status line of an answer

# aiohttp raises these only while taking a connection: DNS, TCP, TLS, waiting for a free one, a bad address.
_NOTHING_LEFT: Final = (
    aiohttp.ClientConnectorError,  # its subclasses too: DNS, TLS and certificate errors
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)


@lru_cache(maxsize=8)
def _trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Whom we believe: the usual authorities, and those of the file. Reading the usual ones takes 30 ms."""
    context = httpx.create_ssl_context(trust_env=False)
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


class HonestTransport(httpx.AsyncBaseTransport):
    """httpx's types over an aiohttp session, with exceptions that say truly whether bytes may have left.

    `ConnectError`, `ConnectTimeout` and `UnsupportedProtocol` mean that no connection was made for this
    request. `ReadTimeout`, `ReadError` and `RemoteProtocolError` mean that the request may have been read.
    The request's body must be in memory. Redirects are answers, and answers are not decoded.
    """

    def __init__(self, open_session: Callable[[], aiohttp.ClientSession]) -> None:
        self._open_session = open_session
        self._session: aiohttp.ClientSession | None = None
        self._deadlines: dict[float, Deadline] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises httpx errors only, as the class says."""
        if self._session is None:
            self._session = self._open_session()
        wait = request.extensions.get("timeout", {})
        headers = [(name.decode("ascii"), value.decode("ascii")) for name, value in request.headers.raw]
        assert isinstance(request.stream, httpx.ByteStream)
        connect_s, pool_s, read_s = (wait.get(name, NO_LIMIT_S) for name in ("connect", "pool", "read"))
        work = self._session.request(
            request.method,
            str(request.url),
            headers=headers,
            data=b"".join(request.stream),
            allow_redirects=False,
            auto_decompress=False,
            timeout=_timeout(connect_s, pool_s),
        )
        try:
            answer = await self._within(max(connect_s, pool_s) + read_s).hold(work)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _truthful(error) from error
        stream = _Body(answer, self._within(read_s))
        return httpx.Response(answer.status, headers=answer.raw_headers, stream=stream, request=request)

    def _within(self, seconds: float) -> Deadline:
        """Not aiohttp's own timer of a silence: after a standstill it is heard before the answer is."""
        found = self._deadlines.get(seconds)
        if found is None:
            found = self._deadlines[seconds] = Deadline(seconds)
        return found

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()


class _Body(httpx.AsyncByteStream):
    """The body of an answer, as it comes."""

    def __init__(self, answer: aiohttp.ClientResponse, silence: Deadline) -> None:
        self._answer = answer
        self._silence = silence

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            chunk = await self._silence.hold(self._answer.content.readany())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _truthful(error) from error
        if not chunk:
            raise StopAsyncIteration
        return chunk

    async def aclose(self) -> None:
        self._answer.release()  # closes the connection unless the answer was read to its end


@lru_cache(maxsize=64)
def _timeout(connect_s: float, pool_s: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(sock_connect=connect_s, connect=pool_s)


def open_transport(
    *,
    max_connections: int = 64,
    keepalive_expiry_s: float = KEEPALIVE_EXPIRY_S,
    ca_file: Path | None = None,
) -> httpx.AsyncBaseTransport:
    """Make the transport; connections open on first use, inside the running loop. Close it with `aclose()`.

    `max_connections` should be at least messages per second times seconds of latency (80 x 0.5 s = 40);
    a request over it waits, within the connect timeout. Proxies and netrc of the environment are ignored,
    redirects are answers, cookies are dropped. `ca_file`: authorities to trust beside the usual ones. Raises OSError
    (SSLError is one) when that file cannot be used.
    """
    context = _trusting(ca_file)

    def open_session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=max_connections, keepalive_timeout=keepalive_expiry_s, ssl=context, ttl_dns_cache=30
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
        )

    return HonestTransport(open_session)


def _truthful(error: BaseException) -> httpx.TransportError:
    """Give the httpx error for an aiohttp one. Messages stay empty: aiohttp's name hosts and addresses."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return httpx.ConnectTimeout("")
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return httpx.UnsupportedProtocol("")
    if isinstance(error, _NOTHING_LEFT):
        return httpx.ConnectError("")
    if isinstance(error, TimeoutError):
        return httpx.ReadTimeout("")
    if isinstance(error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError):
        return httpx.ReadError("")
    return httpx.RemoteProtocolError("")
