"""Rows of an import, from lines of NDJSON or rows of CSV. What cannot be read becomes a row with a problem."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from pydantic import ValidationError

from app.consents.read_consent import read_consent
from app.consents.rows import Consent
from app.consents.schemas import NewConsent
from app.kit.errors import FieldError
from app.kit.http.fields import explain_fields
from app.kit.rows.cells import BOM, Cells, Heading
from app.kit.rows.errors import ColumnsMissing

REQUIRED = ("purpose", "act", "channel", "occurred_at")
_PLAIN = (
    *("to", "user_id", *REQUIRED, "kind", "method", "notice_version_id", "notice_shown_at", "valid_until"),
    *("collection_context", "language", "operator", "age_assurance", "supersedes", "renews"),
)
_LISTS = ("bundled_with", "evidence_ids")  # several with | between
_FLAGS = ("is_precondition",)
_NESTED = {
    "iys_transaction_id": ("iys", "transaction_id"),
    "iys_date": ("iys", "date"),
    "consent_text_id": ("consent_text", "id"),
    "consent_text_version": ("consent_text", "version"),
    "consent_text_language": ("consent_text", "language"),
    "consent_text_sha256": ("consent_text", "sha256"),
    "on_behalf_role": ("on_behalf", "role"),
    "on_behalf_reference": ("on_behalf", "reference"),
}
EVIDENCE = "evidence."  # a column of this beginning is one piece of evidence
_TRUTH = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Given:
    """One row as it was given, or why it could not be read: a code, and the field without its value."""

    row_number: int
    consent: Consent | None = field(default=None, repr=False)
    problem: str = ""
    problem_field: str = ""


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column of a CSV holds what, and which nobody asked for."""

    places: dict[str, int]
    ignored: tuple[str, ...]


def find_columns(heading: Heading) -> Columns:
    """Understand the header. Raises ColumnsMissing."""
    known = [*_PLAIN, *_LISTS, *_FLAGS, *_NESTED, *(name for name in heading.names if name.startswith(EVIDENCE))]
    places = heading.places(known)
    missing = [name for name in REQUIRED if name not in places]
    if "to" not in places and "user_id" not in places:
        missing.insert(0, "to")
    if missing:
        raise ColumnsMissing(errors=[FieldError("/1", "column_missing", f"Column: {name}") for name in missing])
    return Columns(places, heading.others(known))


def read_cells(row: Cells, columns: Columns, import_id: UUID) -> Given:
    """One row of CSV."""
    if row.problem is not None:
        return Given(row.row_number, problem=row.problem)
    values = _values({name: value for name, value in row.at(columns.places).items() if value})
    return _read(row.row_number, lambda: NewConsent.model_validate(values), values, import_id)


def read_line(line: bytes | None, row_number: int, import_id: UUID) -> Given:
    """One line of NDJSON."""
    if line is None:
        return Given(row_number, problem="line_too_long")
    text = line.removeprefix(BOM) if row_number == 1 else line
    return _read(row_number, lambda: NewConsent.model_validate_json(text), text, import_id)


def _read(row_number: int, make: Callable[[], NewConsent], raw: Any, import_id: UUID) -> Given:
    try:
        return Given(row_number, read_consent(make(), import_id))
    except ValidationError as failure:
        found = failure.errors(include_url=False, include_input=False)
        body = _as_object(raw)
        explained, _ = explain_fields([{**one, "loc": ("body", *one["loc"])} for one in found], body)
        same = [one for one in explained if one.pointer == explained[0].pointer]
        return Given(row_number, problem=same[-1].code, problem_field=same[-1].pointer.removeprefix("/"))


def _as_object(raw: Any) -> Any:
    if not isinstance(raw, bytes):
        return raw
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _values(cells: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in cells.items():
        if name in _NESTED:
            inside, key = _NESTED[name]
            values.setdefault(inside, {})[key] = int(text) if key == "version" and text.isdecimal() else text
        elif name in _LISTS:
            values[name] = [part.strip() for part in text.split("|") if part.strip()]
        elif name in _FLAGS:
            values[name] = _TRUTH.get(text.lower(), text)
        elif name.startswith(EVIDENCE):
            values.setdefault("evidence", {})[name.removeprefix(EVIDENCE)] = text
        else:
            values[name] = text
    return values
