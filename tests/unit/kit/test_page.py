import json
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest

from app.kit.page import CursorInvalid, Cursors, LimitInvalid, next_link, read_limit

cursors = Cursors(b"k" * 32)
FILTERS = {"state": "open", "sender": None, "kinds": ["a", "b"]}


def test_a_cursor_comes_back_for_the_same_filters() -> None:
    cursor = cursors.sign(("2026-01-01T00:00:00Z", 7), FILTERS)

    assert ("2026-01-01T00:00:00Z", 7) == cursors.read(cursor, {"kinds": ["a", "b"], "state": "open"})
    assert None is cursors.read(None, FILTERS)


def test_a_cursor_is_refused_for_other_filters_or_another_key() -> None:
    cursor = cursors.sign(("x",), FILTERS)

    for reader, filters in [
        (cursors, {**FILTERS, "state": "closed"}),
        (cursors, {}),
        (Cursors(b"j" * 32), FILTERS),
    ]:
        with pytest.raises(CursorInvalid):
            reader.read(cursor, filters)


def test_a_cursor_changed_in_any_byte_is_refused() -> None:
    cursor = cursors.sign(("x",), FILTERS)
    raw = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))

    for at in range(len(raw)):
        changed = urlsafe_b64encode(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]).decode()
        with pytest.raises(CursorInvalid):
            cursors.read(changed, FILTERS)


@pytest.mark.parametrize("cursor", ["", "a", "abc", "ü", "\x00", "!!!!", "A" * 40, "A" * 100_000, "a b"])
def test_a_cursor_of_any_other_text_is_refused(cursor: str) -> None:
    with pytest.raises(CursorInvalid):
        cursors.read(cursor, FILTERS)


def test_a_page_is_cut_where_one_more_row_was_found() -> None:
    page = cursors.cut([1, 2, 3], 2, key=lambda row: (row,), filters=FILTERS)
    last = cursors.cut([3, 4], 2, key=lambda row: (row,), filters=FILTERS)
    nothing: list[int] = []
    empty = cursors.cut(nothing, 2, key=lambda row: (row,), filters=FILTERS)

    assert ([1, 2], True) == (page.rows, page.has_more)
    assert (2,) == cursors.read(page.next_cursor, FILTERS)
    assert ([3, 4], None, False) == (last.rows, last.next_cursor, last.has_more)
    assert ([], None) == (empty.rows, empty.next_cursor)


def test_a_limit_is_coerced_down_and_refused_below_one() -> None:
    assert [50, 1, 200, 200] == [read_limit(), read_limit(1), read_limit(200), read_limit(10_000)]
    for limit in (0, -1):
        with pytest.raises(LimitInvalid):
            read_limit(limit)


def test_the_link_keeps_the_filters_and_replaces_the_cursor() -> None:
    link = next_link("/v1/things", {"state": "open", "cursor": "old"}, "new")

    assert '</v1/things?state=open&cursor=new>; rel="next"' == link


def test_a_cursor_needs_a_real_key() -> None:
    with pytest.raises(ValueError, match="32"):
        Cursors(b"short")
    assert json.loads('["x"]') == list(cursors.read(cursors.sign(["x"], {}), {}) or ())
