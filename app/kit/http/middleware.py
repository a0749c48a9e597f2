"""The outermost layer of a request: its id, log context, one access line, headers and the last catch.

Pure ASGI: nothing is buffered and no task is added, so streams stay streams. One layer does it all, because
each of these needs the others: the access line needs the status, the last catch needs the id.

The access line is written when the last byte went out (or the caller went away) and holds the route's
template, never the path, the query or the body.
"""

import re
import time
from collections.abc import Collection, MutableMapping
from dataclasses import dataclass, field

import structlog
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit.db import is_away, is_busy
from app.kit.errors import Malformed, TopluError, Unavailable
from app.kit.http.body import DEFAULT_MAX_BYTES, limit_body
from app.kit.http.problems import respond
from app.kit.ids import encode, new_id
from app.kit.logs import bind, clear, mask
from app.kit.metrics import HttpMetrics

log = structlog.get_logger()

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}\Z")
UNMATCHED = "unmatched"
# Set only where the answer did not set its own.
HEADERS = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": "frame-ancestors 'none'",
}
_ENCODED = [(name.encode("ascii"), value.encode("ascii")) for name, value in HEADERS.items()]
QUIET = frozenset({"/livez", "/readyz", "/startupz", "/metrics"})


class HostUnknown(Malformed):
    """This host name is not served here."""

    code = "host_unknown"
    title = "Host unknown"
    action = "Use the address that the operator of this service published."


@dataclass(slots=True)
class Exchange:
    """What is known about one request and its answer so far."""

    scope: Scope
    send: Send
    method: str
    request_id: str
    started_at: float = field(default_factory=time.perf_counter)
    status: int | None = None
    bytes_out: int = 0

    async def pass_on(self, message: Message) -> None:
        """Send one message of the answer, with our headers on the first, and without its body for HEAD."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = [pair for pair in message.get("headers", ()) if pair[0] != b"x-request-id"]
            present = {name for name, _ in headers}
            headers += [pair for pair in _ENCODED if pair[0] not in present]
            # what a dependency wants on every answer of this request, also on those it does not build itself
            for name, value in self.scope["state"].get("headers", {}).items():
                if (encoded := name.lower().encode("latin-1")) not in present:
                    headers.append((encoded, value.encode("latin-1")))
            headers.append((b"x-request-id", self.request_id.encode("ascii")))
            message["headers"] = headers
        elif message["type"] == "http.response.body":
            if self.method == "HEAD":
                message = {**message, "body": b""}
            self.bytes_out += len(message.get("body", b""))
        await self.send(message)


class Edge:
    """Wraps the application; add it last, so that it is outermost.

    `max_body_bytes` holds for every route without `accepts_up_to`. `allowed_hosts` empty means any host.
    Requests of `quiet` route templates are logged at DEBUG, unless they were refused.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: HttpMetrics | None = None,
        max_body_bytes: int = DEFAULT_MAX_BYTES,
        allowed_hosts: Collection[str] = (),
        quiet: Collection[str] = QUIET,
    ) -> None:
        self.app = app
        self.metrics = metrics
        self.max_body_bytes = max_body_bytes
        self.allowed_hosts = frozenset(host.lower() for host in allowed_hosts)
        self.quiet = frozenset(quiet)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Never lets an Exception of the application out."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        method = scope["method"]
        if method == "HEAD":
            scope = {**scope, "method": "GET"}  # every GET answers HEAD too (RFC 9110, 9.3.2); routes know only GET
        exchange = Exchange(scope, send, method, read_request_id(headers.get(b"x-request-id", b"")))
        scope.setdefault("state", {})["request_id"] = exchange.request_id
        clear()
        bind(request_id=exchange.request_id, **read_trace(headers.get(b"traceparent", b"")))
        try:
            await self._serve(exchange, limit_body(scope, receive, self.max_body_bytes), headers)
        finally:
            self._note(exchange)
            clear()

    async def _serve(self, exchange: Exchange, receive: Receive, headers: MutableMapping[bytes, bytes]) -> None:
        try:
            if self.allowed_hosts and _host(headers) not in self.allowed_hosts:
                raise HostUnknown
            if "\0" in exchange.scope["path"] or b"%00" in exchange.scope["query_string"]:
                raise Malformed  # no name, id or filter holds NUL, and PostgreSQL cannot even look for it
            await self.app(exchange.scope, receive, exchange.pass_on)
        except ClientDisconnect:
            log.info("http.cut_off")  # the upload ended early; nobody is there to be answered
        except Exception as failure:
            # The outermost door: nothing may pass but a clean answer.
            error = _as_ours(failure)
            if error is failure:  # of ours, from an application without handlers
                if error.status >= 500:
                    log.error("http.refused", code=error.code)
            elif isinstance(error, Unavailable):
                log.error("http.database_unavailable", error=type(failure).__name__)
            elif error.status >= 500:
                log.error("http.failed", exc_info=failure)
            if exchange.status is not None:
                # Half an answer is out. Only a broken connection tells the caller that it is not whole.
                raise
            await respond(error, exchange.request_id)(exchange.scope, receive, exchange.pass_on)

    def _note(self, exchange: Exchange) -> None:
        route = find_template(exchange.scope)
        seconds = time.perf_counter() - exchange.started_at
        write = log.debug if route in self.quiet and (exchange.status or 500) < 400 else log.info
        write(
            "http.answered",
            method=exchange.method,
            route=route,
            status=exchange.status,  # null: the caller went away first
            duration_ms=round(seconds * 1000, 1),
            bytes=exchange.bytes_out,
        )
        if self.metrics and exchange.status is not None:
            self.metrics.observe(method=exchange.method, route=route, status=exchange.status, seconds=seconds)


def _as_ours(failure: Exception) -> TopluError:
    if isinstance(failure, TopluError):
        return failure
    return Unavailable(retry_after_s=2) if is_away(failure) or is_busy(failure) else TopluError()


def read_request_id(given: bytes) -> str:
    """The caller's X-Request-Id if it is short, plain and may be logged; else a new one."""
    text = given.decode("latin-1")
    return text if REQUEST_ID.match(text) and mask(text) == text else encode("req", new_id())


def read_trace(traceparent: bytes) -> dict[str, str]:
    """The W3C trace id and the caller's span id, to be bound to the logs; empty without a valid header."""
    found = TRACEPARENT.match(traceparent.decode("latin-1"))
    if not found or not found[1].strip("0") or not found[2].strip("0") or traceparent.startswith(b"ff"):
        return {}
    return {"trace_id": found[1], "parent_span_id": found[2]}


def find_template(scope: Scope) -> str:
    """The template of the route that was chosen (`/v1/things/{id}`), with the prefixes of its routers."""
    context = scope.get("fastapi", {}).get("effective_route_context")
    for candidate in (context, scope.get("route")):
        template = getattr(candidate, "path_format", None)
        if template:
            return str(template)
    return UNMATCHED


def _host(headers: MutableMapping[bytes, bytes]) -> str:
    return re.sub(r":\d+\Z", "", headers.get(b"host", b"").decode("latin-1")).lower()
