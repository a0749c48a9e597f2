"""Pages by keyset: a signed cursor says where to go on, and for which filters it was made.

    keys = cursors.read(cursor, filters)              # None: the first page
    rows = await list_things(..., after=keys, size=limit + 1)
    page = cursors.cut(rows, limit, key=lambda row: (str(row.id),), filters=filters)

A cursor is opaque to the caller: base64url of a MAC, a digest of the filters, and the keys of the last row.
One that was altered, or is used with other filters, is answered with 400 `cursor_invalid`.
"""

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from app.kit.errors import Malformed

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAC_BYTES = 16
DIGEST_BYTES = 8
LONGEST_CURSOR = 1024

Row = TypeVar("Row")
Item = TypeVar("Item")
Key = str | int
Filters = Mapping[str, str | int | bool | Sequence[str] | None]


class CursorInvalid(Malformed):
    """This cursor was not made by us for these filters.

    A cursor belongs to the exact filters it was given out for. To change a filter, start again without a
    cursor.
    """

    code = "cursor_invalid"
    title = "Cursor invalid"
    action = "Start again without a cursor, or repeat the filters of the first page."


class LimitInvalid(Malformed):
    """`limit` must be 1 or more. More than the maximum is not an error: you get the maximum."""

    code = "limit_invalid"
    title = "Limit invalid"
    action = "Send a limit from 1 to 200, or none."


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Rows of one page; `next_cursor` is None on the last."""

    rows: list[Row]
    next_cursor: str | None

    @property
    def has_more(self) -> bool:
        """Whether another page follows."""
        return self.next_cursor is not None


class PageBody(BaseModel, Generic[Item]):
    """A page as it crosses the edge. Subclass it per kind, so that the component has a name of its own:

    class ThingPage(PageBody[Thing]): ...
    """

    data: list[Item]
    next_cursor: Annotated[str | None, Field(description="The `cursor` of the next page; null on the last.")]
    has_more: bool


def read_limit(limit: int | None = None) -> int:
    """How many rows: 50 unless told, 200 at most. Raises LimitInvalid below 1."""
    if limit is None:
        return DEFAULT_LIMIT
    if limit < 1:
        raise LimitInvalid
    return min(limit, MAX_LIMIT)


def next_link(path: str, query: Mapping[str, str], cursor: str) -> str:
    """The value of a `Link` header to the next page: same path, same filters, the new cursor."""
    return f'<{path}?{urlencode({**query, "cursor": cursor})}>; rel="next"'


class Cursors:
    """Makes and reads cursors with one secret key (32 bytes or more, the same in every process)."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ValueError("The key of the cursors has at least 32 bytes.")
        self._key = key

    def sign(self, keys: Sequence[Key], filters: Filters) -> str:
        """The cursor behind the row with these sort keys."""
        payload = _digest(filters) + json.dumps(list(keys), separators=(",", ":")).encode()
        return urlsafe_b64encode(self._mac(payload) + payload).rstrip(b"=").decode()

    def read(self, cursor: str | None, filters: Filters) -> tuple[Key, ...] | None:
        """The sort keys to go on after; None without a cursor. Raises CursorInvalid."""
        if cursor is None:
            return None
        try:
            raw = urlsafe_b64decode(_padded(cursor))
        except (Base64Error, ValueError):
            raise CursorInvalid from None
        mac, payload = raw[:MAC_BYTES], raw[MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(payload)) or payload[:DIGEST_BYTES] != _digest(filters):
            raise CursorInvalid
        return tuple(json.loads(payload[DIGEST_BYTES:]))

    def cut(
        self, rows: Sequence[Row], limit: int, *, key: Callable[[Row], Sequence[Key]], filters: Filters
    ) -> Page[Row]:
        """A page of at most `limit` out of `rows`, which were asked for with one more than that."""
        shown = list(rows[:limit])
        more = len(rows) > limit
        return Page(shown, self.sign(key(shown[-1]), filters) if more else None)

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, b"cursor:" + payload, "sha256")[:MAC_BYTES]


def _digest(filters: Filters) -> bytes:
    given = {name: value for name, value in filters.items() if value is not None}
    text = json.dumps(given, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES]


def _padded(cursor: str) -> bytes:
    if len(cursor) > LONGEST_CURSOR:
        raise CursorInvalid
    return cursor.encode("ascii", "strict") + b"=" * (-len(cursor) % 4)
