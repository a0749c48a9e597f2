"""The same JSON is the same bytes, however it was written."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.canonical import NotCanonical, read, rewrite, write

text = st.text(st.characters(codec="utf-8"))
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_bytes_are_sorted_compact_utf_8_and_read_back_to_the_same(value: Any) -> None:
    written = write(value)

    assert json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == written
    assert value == read(written)
    assert written == rewrite(json.dumps(value, indent=3))


def test_a_number_that_is_no_integer_keeps_its_digits_as_text() -> None:
    assert b'{"a":"1.50","b":1}' == rewrite('{"b": 1, "a": 1.50}')


@pytest.mark.parametrize("value", [1.5, {"a": [1.0]}, float("nan"), {"a": object()}])
def test_what_has_no_certain_form_is_refused(value: Any) -> None:
    with pytest.raises(NotCanonical):
        write(value)


@pytest.mark.parametrize("given", ["", "{", '{"a":}', b"\xff", "[" * 100_000])
def test_what_is_no_json_is_refused_without_being_quoted(given: str | bytes) -> None:
    with pytest.raises(NotCanonical, match="This is no JSON"):
        rewrite(given)
