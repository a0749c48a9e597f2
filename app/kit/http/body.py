"""How large a request body may be: one limit for all, another for the routes that say so.

Counted as the bytes arrive, so a body without Content-Length, or with a false one, is cut as well. The
framework's own limit (`max_body_size`) is not used: with a large Content-Length it replaces the problem
document by plain text (read and tried in Starlette 1.10).
"""

from collections.abc import Callable
from typing import Any, TypeVar

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive, Scope

DEFAULT_MAX_BYTES = 262_144
_MARK = "__max_body_bytes__"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def accepts_up_to(max_bytes: int) -> Callable[[Endpoint], Endpoint]:
    """Give one endpoint a limit of its own, in bytes. Goes under the route decorator."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _MARK, max_bytes)
        return endpoint

    return mark


def limit_body(scope: Scope, receive: Receive, default_max_bytes: int) -> Receive:
    """A `receive` that raises HTTPException(413) once the body is larger than its endpoint accepts."""
    taken = 0
    announced = _content_length(scope)

    async def receive_within_limit() -> Message:
        nonlocal taken
        # Asked here and not before: only after routing is the endpoint known.
        limit: int = getattr(scope.get("endpoint"), _MARK, default_max_bytes)
        if announced > limit:
            raise HTTPException(413)
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > limit:
            # An HTTPException, because FastAPI turns any other error while reading a body into a 400.
            raise HTTPException(413)
        return message

    return receive_within_limit


def _content_length(scope: Scope) -> int:
    text = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(text) if text.isdigit() else 0
