"""Recipients as CSV.

The header names the columns: `to` or `user_id`, `reference`, `basis_ref`, and one column per variable of the template.
Other columns are ignored and named in the answer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from app.dispatch.flow.accept import Recipient
from app.dispatch.rows.objects import MAX_REFERENCE
from app.kit.errors import FieldError
from app.kit.rows.cells import CellRows, Cells, Heading
from app.kit.rows.cells import read_header as read_names
from app.kit.rows.errors import ColumnsMissing

_OWN = ("to", "user_id", "reference", "basis_ref")


@dataclass(frozen=True, slots=True)
class Columns:
    """What the header said: which column holds what, and which nobody asked for."""

    header: Heading
    places: dict[str, int]
    variables: dict[str, int]
    ignored: tuple[str, ...]

    def recipient(self, row: Cells) -> Recipient:
        """The recipient in this row, or the row's problem."""
        if row.problem is not None:
            return Recipient(row.row_number, problem=row.problem, problem_field="")
        own, values = row.at(self.places), row.at(self.variables)
        if any(len(value) > MAX_REFERENCE for value in own.values()):
            return Recipient(row.row_number, problem="unreadable", problem_field="")
        return Recipient(
            row.row_number,
            own.get("to") or (None if own.get("user_id") else ""),
            own.get("user_id") or None,
            values,
            own.get("reference") or None,
            own.get("basis_ref") or None,
            variables_at="",
        )


def read_header(line: bytes | None, variables: Sequence[str]) -> Columns:
    """Understand the first line. Raises StreamUnreadable when it is no header, ColumnsMissing when it lacks some."""
    return find_columns(read_names(line), variables)


def find_columns(header: Heading, variables: Sequence[str]) -> Columns:
    """Which column holds what. Raises ColumnsMissing."""
    wanted = {name.lower(): name for name in variables}
    places = header.places(_OWN)
    found = {wanted[name]: place for name, place in header.places(wanted).items() if name not in places}
    missing = [name for name in variables if name not in found]
    if "to" not in places and "user_id" not in places:
        missing.insert(0, "to")
    if missing:
        raise ColumnsMissing(errors=[FieldError("/1", "column_missing", f"Column: {name}") for name in missing])
    return Columns(header, places, found, header.others({*places, *wanted}))


class CsvRows:
    """Recipients from lines, across the borders of chunks."""

    def __init__(self, columns: Columns, header_row: int = 1) -> None:
        self._columns = columns
        self._rows = CellRows(columns.header, header_row)

    def read(self, lines: Iterable[bytes | None], *, last: bool = False) -> Iterator[Recipient]:
        """The recipients these lines complete. With `last`, also what was still waiting for a closing quote."""
        return map(self._columns.recipient, self._rows.read(lines, last=last))
