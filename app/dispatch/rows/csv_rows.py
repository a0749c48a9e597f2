"""Recipients as CSV, as spreadsheets really write it: BOM, semicolons, CRLF, Turkish Windows encoding.

The header names the columns: `to` or `user_id`, `reference`, `basis_ref`, and one column per variable of the template.
Other columns are ignored and named in the answer.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.dispatch.errors import ColumnsMissing, StreamUnreadable
from app.dispatch.flow.accept import Recipient
from app.dispatch.rows.lines import MAX_LINE_BYTES
from app.dispatch.rows.objects import MAX_REFERENCE
from app.kit.errors import FieldError

BOM = b"\xef\xbb\xbf"
_OWN = ("to", "user_id", "reference", "basis_ref")
TOO_LONG = "\x00line too long"
LONGEST_CELL_LINES = 20  # line ends inside one quoted cell

csv.field_size_limit(MAX_LINE_BYTES)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the header said: which column holds what, and which nobody asked for."""

    delimiter: str
    count: int
    places: dict[str, int]
    variables: dict[str, int]
    ignored: tuple[str, ...]


def decode(line: bytes | None) -> str:
    """One line as text: UTF-8, and where it is not, Windows-1254, which Turkish Excel writes.

    Decided line by line: Turkish text in 1254 is practically never valid UTF-8, and a file may begin with pure ASCII.
    """
    if line is None:
        return TOO_LONG
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1254", errors="replace")


def read_header(line: bytes | None, variables: Sequence[str]) -> Columns:
    """Understand the first line. Raises StreamUnreadable when it is no header, ColumnsMissing when it lacks some."""
    text = decode(None if line is None else line.removeprefix(BOM))
    if line is None or "\0" in text:
        raise StreamUnreadable(errors=[FieldError("/1", "unreadable", "The first line is not a header.")])
    delimiter = max(",;\t", key=text.count)
    try:
        names = [name.strip().lower() for name in next(csv.reader([text], delimiter=delimiter), [])]
    except csv.Error:
        raise StreamUnreadable(errors=[FieldError("/1", "unreadable", "The first line is not a header.")]) from None
    if len(set(filter(None, names))) < len([*filter(None, names)]):
        raise StreamUnreadable(errors=[FieldError("/1", "column_repeated", "Two columns have the same name.")])
    wanted = {name.lower(): name for name in variables}
    places = {name: names.index(name) for name in _OWN if name in names}
    found = {wanted[name]: index for index, name in enumerate(names) if name in wanted and name not in places}
    missing = [name for name in variables if name not in found]
    if "to" not in places and "user_id" not in places:
        missing.insert(0, "to")
    if missing:
        raise ColumnsMissing(errors=[FieldError("/1", "column_missing", f"Column: {name}") for name in missing])
    known = set(places) | set(wanted)
    ignored = tuple(f"column {index + 1}" for index, name in enumerate(names) if name not in known)
    return Columns(delimiter, len(names), places, found, ignored)


class CsvRows:
    """Rows from lines, across the borders of chunks: a quoted cell may hold a line end."""

    def __init__(self, columns: Columns, header_row: int = 1) -> None:
        self._columns = columns
        self._row_number = header_row  # the first recipient stands in the next row, as a spreadsheet shows it
        self._waiting: list[str] = []

    def read(self, lines: Iterable[bytes | None], *, last: bool = False) -> Iterator[Recipient]:
        """The recipients these lines complete. With `last`, also what was still waiting for a closing quote."""
        for line in lines:
            self._waiting.append(decode(line))
            yield from self._whole_rows()
        while last and self._waiting:
            yield from self._give_up_first() if self._open_quote() else self._emit()
            yield from self._whole_rows()

    def _whole_rows(self) -> Iterator[Recipient]:
        """What waits, as soon as its quotes are closed; a quote that nothing closes costs its own line only."""
        if not self._waiting:
            return
        if not self._open_quote() or self._waiting[-1] is TOO_LONG:
            yield from self._emit()
        elif len(self._waiting) > LONGEST_CELL_LINES:
            yield from self._give_up_first()

    def _give_up_first(self) -> Iterator[Recipient]:
        """The first waiting line alone is no row; those after it are read again by themselves."""
        _, *rest = self._waiting
        self._waiting = []
        self._row_number += 1
        yield Recipient(self._row_number, problem="unreadable", problem_field="")
        for text in rest:
            self._waiting.append(text)
            yield from self._whole_rows()

    def _open_quote(self) -> bool:
        return sum(part.count('"') for part in self._waiting) % 2 == 1

    def _emit(self) -> Iterator[Recipient]:
        parts, self._waiting = self._waiting, []
        self._row_number += 1  # an empty line is a row of the spreadsheet, too
        if not any(part.strip() for part in parts):
            return
        if any("\0" in part for part in parts):
            too_long = any(part is TOO_LONG for part in parts)
            yield Recipient(self._row_number, problem="line_too_long" if too_long else "unreadable", problem_field="")
            return
        yield self._recipient("\n".join(parts))

    def _recipient(self, text: str) -> Recipient:
        try:
            cells = next(csv.reader(text.splitlines(keepends=True), delimiter=self._columns.delimiter, strict=True))
        except (csv.Error, StopIteration):
            return Recipient(self._row_number, problem="unreadable", problem_field="")
        if any(cell.strip() for cell in cells[self._columns.count :]):
            # An unquoted delimiter has pushed the values to the right: what stands under a name is not what was meant.
            return Recipient(self._row_number, problem="more_cells_than_columns", problem_field="")
        own = {name: cells[place].strip() for name, place in self._columns.places.items() if place < len(cells)}
        values = {name: cells[place].strip() for name, place in self._columns.variables.items() if place < len(cells)}
        if any(len(value) > MAX_REFERENCE for value in own.values()):
            return Recipient(self._row_number, problem="unreadable", problem_field="")
        return Recipient(
            self._row_number,
            own.get("to") or (None if own.get("user_id") else ""),
            own.get("user_id") or None,
            values,
            own.get("reference") or None,
            own.get("basis_ref") or None,
            variables_at="",
        )
