"""One recipient as a JSON object, from a line of NDJSON or from the array of an inline call."""

import re
from typing import Any

import msgspec

from app.dispatch.flow.accept import Recipient

MAX_REFERENCE = 255
_BOM = b"\xef\xbb\xbf"
_PATH = re.compile(r"at `\$\.([a-z_]{1,20})")


class GivenRecipient(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A recipient as the API takes it: `to` or `user_id`, and what the template needs."""

    to: str | None = None
    user_id: str | None = None
    variables: dict[str, str] | None = None
    reference: str | None = None
    basis_ref: str | None = None


_decoder = msgspec.json.Decoder(GivenRecipient)


def read_line(line: bytes | None, row_number: int) -> Recipient:
    """One line of NDJSON. A line that is no recipient becomes a row with a problem, never an exception."""
    if line is None:
        return Recipient(row_number, problem="line_too_long", problem_field="")
    try:
        return _recipient(_decoder.decode(line.removeprefix(_BOM) if row_number == 1 else line), row_number)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Recipient(row_number, problem="unreadable", problem_field=_field_of(error))


def read_object(given: Any, row_number: int) -> Recipient:
    """One element of an inline array, already parsed as JSON."""
    try:
        return _recipient(msgspec.convert(given, GivenRecipient), row_number)
    except (msgspec.ValidationError, UnicodeError, RecursionError) as error:  # JSON can hold half a surrogate pair
        return Recipient(row_number, problem="unreadable", problem_field=_field_of(error))


def _recipient(given: GivenRecipient, row_number: int) -> Recipient:
    for name in ("to", "user_id", "reference", "basis_ref"):
        value = getattr(given, name)
        if value is not None and (len(value) > MAX_REFERENCE or "\0" in value):
            return Recipient(row_number, problem="unreadable", problem_field=name)
    return Recipient(row_number, given.to, given.user_id, given.variables or {}, given.reference, given.basis_ref)


def _field_of(error: Exception) -> str:
    """The field msgspec complains about. Only its path is taken: the rest of the text might quote."""
    found = _PATH.search(str(error))
    return found.group(1) if found else ""
