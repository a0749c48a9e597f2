"""JSON as bytes that are the same everywhere, so that a digest of them means something.

In the manner of RFC 8785: keys sorted, no spaces, UTF-8, shortest escapes. Narrower where that RFC leaves room for
doubt: a number that is no integer is refused when written, and read as the text it was (`1.50` becomes `"1.50"`), so
no rounding of any language can change a digest. Keys are sorted by code point, which is RFC 8785's order for every
character below U+E000.
"""

import hashlib
from typing import Any

import msgspec

Json = dict[str, Any]

_decoder = msgspec.json.Decoder(float_hook=str)
_encoder = msgspec.json.Encoder(order="sorted")


class NotCanonical(ValueError):
    """This cannot be read as JSON, or holds a number that is no integer."""


def read(text: str | bytes) -> Any:
    """JSON to Python; numbers that are no integers become text. Raises NotCanonical."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotCanonical("This is no JSON.") from None


def write(value: Any) -> bytes:
    """Python to canonical bytes. Raises NotCanonical."""
    if _has_float(value):
        raise NotCanonical("A number that is no integer has no canonical form here.")
    try:
        return _encoder.encode(value)
    except (TypeError, ValueError, OverflowError, RecursionError):
        raise NotCanonical("This has no canonical form.") from None


def digest(value: Any) -> bytes:
    """SHA-256 of the canonical bytes. Raises NotCanonical."""
    return hashlib.sha256(write(value)).digest()


def digest_read(value: Any) -> bytes:
    """The same for what `read` gave, which holds no float: four times as fast."""
    return hashlib.sha256(_encoder.encode(value)).digest()


def rewrite(text: str | bytes) -> bytes:
    """The canonical bytes of JSON in any writing. Raises NotCanonical. Fast: nothing of it is looked at in Python."""
    try:
        return _encoder.encode(_decoder.decode(text))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotCanonical("This is no JSON.") from None


def _has_float(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_float, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_float, value))
    return isinstance(value, float)
