"""A body that is read as it arrives: its media type, its parts, and the digest that was announced."""

import base64
from collections.abc import AsyncIterator

from starlette.requests import Request

from app.kit.errors import EncodingRefused, Malformed, UnsupportedType

NDJSON = ("application/x-ndjson", "application/jsonl")
CSV = ("text/csv",)
MOST_STREAM_BYTES = 4 * 1024**3


def read_media_type(request: Request) -> str:
    """NDJSON's or CSV's media type, as the request names it. Raises UnsupportedType for others, EncodingRefused."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in NDJSON + CSV:
        raise UnsupportedType
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise EncodingRefused
    return media_type


async def body_of(request: Request) -> AsyncIterator[bytes]:
    """The parts of a body as they arrive, without empty ones."""
    async for part in request.stream():
        if part:
            yield part


def announced_digest(header: str | None) -> bytes | None:
    """The sha-256 of `Content-Digest` (RFC 9530), if the caller sent one. Raises Malformed."""
    if header is None:
        return None
    for part in header.split(","):
        name, _, value = part.strip().partition("=")
        if name == "sha-256" and value.startswith(":") and value.endswith(":"):
            return _from_base64(value[1:-1])
    return None


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise Malformed("Content-Digest cannot be read.") from None
