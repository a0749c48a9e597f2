"""Reading recipients: any bytes in any pieces give rows, never an exception, and never a long line in memory."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dispatch.rows.csv_rows import CsvRows, read_header
from app.dispatch.rows.objects import read_line, read_object
from app.kit.errors import TopluError
from app.kit.rows.lines import MAX_LINE_BYTES, cut_lines

pytestmark = pytest.mark.anyio


async def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


async def cut(body: bytes, size: int) -> list[bytes | None]:
    return [line async for lines in cut_lines(pieces(body, size)) for line in lines]


@given(body=st.binary(max_size=300).map(lambda raw: raw.replace(b"\r", b"")), size=st.integers(1, 50))
async def test_lines_do_not_depend_on_how_the_body_was_cut(body: bytes, size: int) -> None:
    whole = body.split(b"\n")
    expected = whole[:-1] + ([whole[-1]] if whole[-1] else [])

    assert expected == await cut(body, size)


@pytest.mark.parametrize("size", [1_000, 70_000, 10_000_000])
async def test_a_line_too_long_is_told_once_and_the_next_is_whole(size: int) -> None:
    body = b"first\n" + b"x" * (MAX_LINE_BYTES * 3) + b"\nlast"

    assert [b"first", None, b"last"] == await cut(body, size)


@given(line=st.binary(max_size=200))
def test_any_line_is_a_row_or_a_row_with_a_problem(line: bytes) -> None:
    row = read_line(line, 3)

    assert 3 == row.row_number


@given(
    given_json=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["to", "variables", "x"]), inner),
        max_leaves=6,
    )
)
def test_any_json_is_a_row_or_a_row_with_a_problem(given_json: object) -> None:
    assert 1 == read_object(given_json, 1).row_number


@given(header=st.binary(max_size=60), lines=st.lists(st.binary(max_size=60), max_size=8))
def test_any_csv_is_rows_or_a_clear_problem(header: bytes, lines: list[bytes]) -> None:
    try:
        columns = read_header(header, ["first_name"])
    except TopluError as problem:
        assert 422 == problem.status
        return
    reader = CsvRows(columns)
    rows = [*reader.read(lines), *reader.read([], last=True)]

    numbers = [row.row_number for row in rows]
    assert sorted(set(numbers)) == numbers
    assert all(2 <= number <= len(lines) + 1 for number in numbers)


def test_a_quoted_cell_may_hold_a_line_end_and_the_next_row_is_read() -> None:
    reader = CsvRows(read_header(b"to,first_name", ["first_name"]))

    rows = [*reader.read([b'+905320000001,"Ay', b'se"', b"+905320000002,Can"]), *reader.read([], last=True)]

    assert [{"first_name": "Ay\nse"}, {"first_name": "Can"}] == [row.variables for row in rows]


def test_an_open_quote_spoils_its_own_row_only() -> None:
    reader = CsvRows(read_header(b"to,first_name", ["first_name"]))
    lines = [b'+905320000001,"Ayse'] + [b"+905320000002,Can"] * 60

    rows = [*reader.read(lines), *reader.read([], last=True)]

    assert [True] + [False] * 60 == [row.problem is not None for row in rows]
    assert [*range(2, 63)] == [row.row_number for row in rows]


def test_an_open_quote_near_the_end_spoils_its_own_row_only() -> None:
    reader = CsvRows(read_header(b"to,first_name", ["first_name"]))

    rows = [*reader.read([b'+905320000001,"A', b"+905320000002,Can"]), *reader.read([], last=True)]

    assert [True, False] == [row.problem is not None for row in rows]
