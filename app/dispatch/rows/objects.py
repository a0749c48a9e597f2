"""One recipient as a JSON object, from a line of NDJSON or from the array of an inline call."""

import re
from typing import Annotated, Any

import msgspec

from app.dispatch.flow.accept import Recipient

MAX_REFERENCE = 255
_BOM = b"\xef\xbb\xbf"
_NUL = b"\\u0000"  # the only way to write it in JSON
_PATH = re.compile(r"at `\$\.([a-z_]{1,20})")

_Text = Annotated[str, msgspec.Meta(max_length=MAX_REFERENCE)]


class GivenRecipient(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A recipient as the API takes it: `to` or `user_id`, and what the template needs."""

    to: _Text | None = None
    user_id: _Text | None = None
    variables: dict[str, str] | None = None
    reference: _Text | None = None
    basis_ref: _Text | None = None


_decoder = msgspec.json.Decoder(GivenRecipient)


def read_line(line: bytes | None, row_number: int) -> Recipient:
    """One line of NDJSON. A line that is no recipient becomes a row with a problem, never an exception."""
    if line is None:
        return Recipient(row_number, problem="line_too_long", problem_field="")
    try:
        given = _decoder.decode(line.removeprefix(_BOM) if row_number == 1 else line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Recipient(row_number, problem="unreadable", problem_field=_field_of(error))
    if _NUL in line:
        return _without_nul(given, row_number)
    return Recipient(row_number, given.to, given.user_id, given.variables or {}, given.reference, given.basis_ref)


def read_object(given: Any, row_number: int) -> Recipient:
    """One element of an inline array, already parsed as JSON."""
    try:
        return _without_nul(msgspec.convert(given, GivenRecipient), row_number)
    except (msgspec.ValidationError, UnicodeError, RecursionError) as error:  # JSON can hold half a surrogate pair
        return Recipient(row_number, problem="unreadable", problem_field=_field_of(error))


def _without_nul(given: GivenRecipient, row_number: int) -> Recipient:
    for name in ("to", "user_id", "reference", "basis_ref"):
        if "\0" in (getattr(given, name) or ""):  # PostgreSQL cannot hold it
            return Recipient(row_number, problem="unreadable", problem_field=name)
    return Recipient(row_number, given.to, given.user_id, given.variables or {}, given.reference, given.basis_ref)


def _field_of(error: Exception) -> str:
    """The field msgspec complains about. Only its path is taken: the rest of the text might quote."""
    found = _PATH.search(str(error))
    return found.group(1) if found else ""
