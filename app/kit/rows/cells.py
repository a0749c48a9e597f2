"""CSV as spreadsheets really write it: BOM, semicolons, CRLF, Turkish Windows encoding, line ends inside quotes."""

import csv
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, field

from app.kit.errors import FieldError
from app.kit.rows.errors import StreamUnreadable
from app.kit.rows.lines import MAX_LINE_BYTES, cut_lines

BOM = b"\xef\xbb\xbf"
TOO_LONG = "\x00line too long"
LONGEST_CELL_LINES = 20  # line ends inside one quoted cell

csv.field_size_limit(MAX_LINE_BYTES)


@dataclass(frozen=True, slots=True)
class Heading:
    """The names of the columns, in lower case, and what stands between cells."""

    delimiter: str
    names: tuple[str, ...]

    def places(self, wanted: Iterable[str]) -> dict[str, int]:
        """Where those of the wanted columns stand that are there."""
        return {name: self.names.index(name) for name in wanted if name in self.names}

    def others(self, known: Iterable[str]) -> tuple[str, ...]:
        """The columns nobody asked for, by place: their names are the caller's and could hold anything."""
        asked = set(known)
        return tuple(f"column {place + 1}" for place, name in enumerate(self.names) if name not in asked)


@dataclass(slots=True)
class Cells:
    """One row. With a `problem` (`unreadable`, `line_too_long`, `more_cells_than_columns`) there are no cells."""

    row_number: int
    cells: list[str] = field(default_factory=list, repr=False)
    problem: str | None = None

    def at(self, places: dict[str, int]) -> dict[str, str]:
        """The values under these names, without spaces around them; a short row lacks its last ones."""
        return {name: self.cells[place].strip() for name, place in places.items() if place < len(self.cells)}


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


def read_header(line: bytes | None) -> Heading:
    """Understand the first line. Raises StreamUnreadable when it is no header, or names a column twice."""
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
    return Heading(delimiter, tuple(names))


async def cut_cells(body: AsyncIterator[bytes], understand: Callable[[Heading], None]) -> AsyncIterator[list[Cells]]:
    """The rows of each chunk as it arrives. `understand` is told the header before the first row, and may raise."""
    reader: CellRows | None = None
    empty = 0  # lines before the header
    async for lines in cut_lines(body):
        while reader is None and lines:
            first, *lines = lines
            if first is not None and not first.removeprefix(BOM).strip():
                empty += 1
                continue
            header = read_header(first)
            understand(header)
            reader = CellRows(header, header_row=empty + 1)
        if reader is not None:
            yield list(reader.read(lines))
    if reader is not None:
        yield list(reader.read([], last=True))


class CellRows:
    """Rows from lines, across the borders of chunks: a quoted cell may hold a line end."""

    def __init__(self, header: Heading, header_row: int = 1) -> None:
        self._header = header
        self._row_number = header_row  # the first row stands in the next one, as a spreadsheet shows it
        self._waiting: list[str] = []

    def read(self, lines: Iterable[bytes | None], *, last: bool = False) -> Iterator[Cells]:
        """The rows these lines complete. With `last`, also what was still waiting for a closing quote."""
        for line in lines:
            self._waiting.append(decode(line))
            yield from self._whole_rows()
        while last and self._waiting:
            yield from self._give_up_first() if self._open_quote() else self._emit()
            yield from self._whole_rows()

    def _whole_rows(self) -> Iterator[Cells]:
        """What waits, as soon as its quotes are closed; a quote that nothing closes costs its own line only."""
        if not self._waiting:
            return
        if not self._open_quote() or self._waiting[-1] is TOO_LONG:
            yield from self._emit()
        elif len(self._waiting) > LONGEST_CELL_LINES:
            yield from self._give_up_first()

    def _give_up_first(self) -> Iterator[Cells]:
        """The first waiting line alone is no row; those after it are read again by themselves."""
        _, *rest = self._waiting
        self._waiting = []
        self._row_number += 1
        yield Cells(self._row_number, problem="unreadable")
        for text in rest:
            self._waiting.append(text)
            yield from self._whole_rows()

    def _open_quote(self) -> bool:
        return sum(part.count('"') for part in self._waiting) % 2 == 1

    def _emit(self) -> Iterator[Cells]:
        parts, self._waiting = self._waiting, []
        self._row_number += 1  # an empty line is a row of the spreadsheet, too
        if not any(part.strip() for part in parts):
            return
        if any("\0" in part for part in parts):
            too_long = any(part is TOO_LONG for part in parts)
            yield Cells(self._row_number, problem="line_too_long" if too_long else "unreadable")
            return
        yield self._cells("\n".join(parts))

    def _cells(self, text: str) -> Cells:
        try:
            cells = next(csv.reader(text.splitlines(keepends=True), delimiter=self._header.delimiter, strict=True))
        except (csv.Error, StopIteration):
            return Cells(self._row_number, problem="unreadable")
        if any(cell.strip() for cell in cells[len(self._header.names) :]):
            # An unquoted delimiter has pushed the values to the right: what stands under a name is not what was meant.
            return Cells(self._row_number, problem="more_cells_than_columns")
        return Cells(self._row_number, cells)
