"""Open the pooled connections to WhatsApp: aiohttp underneath, httpx's types on top, honest exceptions.

httpx-aiohttp 0.2.0 maps *every* aiohttp connection error to `httpx.ConnectTimeout` or `ConnectError`, read in
its `AIOHTTP_EXC_MAP`: a server that takes the request and hangs up (`ServerDisconnectedError`) or resets
(`ClientOSError`) comes out as `ConnectTimeout`, as if no byte had left. Believing it means sending twice. So
the mapping is done again here, from the aiohttp error in `__cause__`, and by a short list of what proves that
nothing left; the hostile-server tests hold it in place.

aiohttp 3.14.5 repeats a request by itself only for idempotent methods (`IDEMPOTENT_METHODS`), never a POST.
"""

from __future__ import annotations

import ssl
from typing import Final

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

KEEPALIVE_EXPIRY_S: Final = 20.0  # below the 60 s and more after which front ends drop an idle connection
MAX_HEADER_BYTES: Final = 16_384  # one header field or the status line of an answer

# aiohttp raises these only while taking a connection: DNS, TCP, TLS, waiting for a free one, a bad address.
_NOTHING_LEFT: Final = (
    aiohttp.ClientConnectorError,  # its subclasses too: DNS, TLS and certificate errors
    aiohttp.ConnectionTimeoutError,
    aiohttp.InvalidURL,
    aiohttp.NonHttpUrlClientError,
)


class HonestTransport(AiohttpTransport):
    """httpx-aiohttp's transport with exceptions that say truly whether bytes may have left.

    `ConnectError`, `ConnectTimeout` and `UnsupportedProtocol` mean that no connection was made for this
    request. `ReadTimeout`, `ReadError` and `RemoteProtocolError` mean that the request may have been read.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises httpx errors only, as the class says."""
        try:
            return await super().handle_async_request(request)
        except httpx.TransportError as error:
            raise _truthful(error.__cause__ or error) from error
        except aiohttp.ClientError as error:
            raise _truthful(error) from error


def open_transport(
    *,
    max_connections: int = 64,
    keepalive_expiry_s: float = KEEPALIVE_EXPIRY_S,
    verify: ssl.SSLContext | None = None,
) -> httpx.AsyncBaseTransport:
    """Make the transport; connections open on first use, inside the running loop. Close it with `aclose()`.

    `max_connections` should be at least messages per second times seconds of latency (80 x 0.5 s = 40);
    a request over it waits, within the connect timeout. Proxies and netrc of the environment are ignored,
    redirects are answers, cookies are dropped. `verify`: a TLS context for a private authority.
    """
    context = verify or httpx.create_ssl_context(trust_env=False)

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

    # A context is handed over only because the parent would build one from the environment otherwise.
    return HonestTransport(verify=context, client=open_session, trust_env=False)


def _truthful(error: BaseException) -> httpx.TransportError:
    """Give the httpx error for an aiohttp one. Messages stay empty: aiohttp's name hosts and addresses."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return httpx.ConnectTimeout("")
    if isinstance(error, aiohttp.InvalidURL | aiohttp.NonHttpUrlClientError):
        return httpx.UnsupportedProtocol("")
    if isinstance(error, _NOTHING_LEFT):
        return httpx.ConnectError("")
    if isinstance(error, aiohttp.ServerTimeoutError):
        return httpx.ReadTimeout("")
    if isinstance(error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError):
        return httpx.ReadError("")
    return httpx.RemoteProtocolError("")
