"""The outer shape of a webhook body, and careful hands to take single values out of it.

Items stay undecoded (`msgspec.Raw`) until they are read one by one, so that one odd item spoils only itself.

Source: Meta, "Webhooks overview" (2026-09).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

MAX_BODY_BYTES: Final = 4 * 1024 * 1024  # Meta's own limit is 3 MB
_LATEST_SECOND: Final = 4_102_444_800  # the year 2100; a larger number is not seconds
_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL
)
_UNSTORABLE: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2})")
_NOTHING: Final = msgspec.Raw(b"null")


class UnreadableUpdate(ValueError):
    """The webhook body is not a WhatsApp envelope. The message never holds any of the content."""


class Change(msgspec.Struct):
    """One changed field; `value` is read by whoever knows the field."""

    field: str
    value: msgspec.Raw = _NOTHING


class Entry(msgspec.Struct):
    """The changes of one business account; `time` exists on account and template fields only."""

    id: str | int | None = None
    time: Any = None
    changes: list[Change] = []


class Envelope(msgspec.Struct):
    """The whole body."""

    object: str
    entry: list[Entry]


_envelope_decoder: Final = msgspec.json.Decoder(Envelope)
_object_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_list_decoder: Final = msgspec.json.Decoder(list[msgspec.Raw])
_any_decoder: Final = msgspec.json.Decoder()


def read_envelope(raw: bytes) -> Envelope:
    """Decode the outer shape; raises UnreadableUpdate for anything that is not one, whatever the reason.

    Two things a person can put into a message would otherwise spoil the whole POST, or the database: half an
    emoji (a lone surrogate) and NUL. Both become U+FFFD.
    """
    if len(raw) > MAX_BODY_BYTES:
        raise UnreadableUpdate("body is too long")
    try:
        text = raw.decode("utf-8")
        if _UNSTORABLE.search(text):
            text = _ESCAPE.sub(_mend, text)
        envelope = _envelope_decoder.decode(text)
    except (ValueError, RecursionError):
        # Without the cause: a decoder's error may quote the body.
        raise UnreadableUpdate("body is not a readable envelope") from None
    if envelope.object != "whatsapp_business_account":
        raise UnreadableUpdate("body is about another object")
    return envelope


def _mend(escape: re.Match[str]) -> str:
    found = escape.group()
    lone = len(found) == 6 and _UNSTORABLE.fullmatch(found)
    return "\\ufffd" if lone else found


def members(raw: msgspec.Raw) -> dict[str, msgspec.Raw]:
    """Open an object without reading its values; empty when it is none."""
    try:
        return _object_decoder.decode(raw)
    except (ValueError, RecursionError):
        return {}


def items(raw: msgspec.Raw | None) -> list[msgspec.Raw]:
    """Open a list without reading its items; empty when it is absent or none."""
    try:
        return _list_decoder.decode(raw) if raw is not None else []
    except (ValueError, RecursionError):
        return []


def whole(raw: msgspec.Raw | None) -> dict[str, Any]:
    """Read an object wholly; empty when it is absent, none, or holds a number out of range."""
    try:
        found = _any_decoder.decode(raw) if raw is not None else None
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def text_in(found: Any, *path: str) -> str | None:
    """Follow keys down to a non-empty string; None when the way or the type is another."""
    for key in path:
        if not isinstance(found, dict):
            return None
        found = found.get(key)
    return found if isinstance(found, str) and found else None


def id_in(found: dict[str, Any], key: str) -> str | None:
    """Take an id, which Meta writes as a string in some places and as a number in others."""
    value = found.get(key)
    if type(value) is int:
        return str(value)
    return value if isinstance(value, str) and value else None


def first(found: Any) -> dict[str, Any]:
    """The first object of a list; empty when there is none."""
    return found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}


def moment(value: Any, otherwise: datetime) -> datetime:
    """Read unix seconds, string or number, as an aware time; `otherwise` when missing or absurd."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        value = int(value)
    if type(value) is not int or not 0 < value < _LATEST_SECOND:
        return otherwise
    return datetime.fromtimestamp(value, UTC)
