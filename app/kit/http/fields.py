"""From Pydantic's error list to ours: exact pointers, stable codes, and no word of what was sent.

Pydantic's list holds `input` and `ctx`, and some of its sentences quote the value (a union's tag, a UUID's
characters, the text of a ValueError). Only sentences whose placeholders come from the schema are passed on.
"""

import re
from collections.abc import Mapping, Sequence
from email.message import Message
from typing import Any, get_args

from app.kit.errors import BadValue, FieldError, Where
from app.kit.logs import mask

MAX_FIELDS = 100
GENERAL = "This value is not acceptable."
# What Pydantic fills into its sentences out of the schema, not out of the input.
FROM_THE_SCHEMA = frozenset(
    {
        *("gt", "ge", "lt", "le", "multiple_of", "pattern", "expected", "field_type", "discriminator"),
        *("min_length", "max_length", "actual_length", "class_name", "expected_tags", "expected_schemes"),
        *("expected_version", "max_digits", "decimal_places", "whole_digits"),
    }
)
# Sentences that would be dropped for their ending; their beginning is worth keeping.
BEGINNINGS = {
    "uuid_parsing": "Input should be a valid UUID.",
    "url_parsing": "Input should be a valid URL.",
    "date_parsing": "Input should be a valid date in the format YYYY-MM-DD.",
    "date_from_datetime_parsing": "Input should be a valid date.",
    "time_parsing": "Input should be a valid time.",
    "datetime_parsing": "Input should be a valid RFC 3339 date and time.",
    "datetime_from_date_parsing": "Input should be a valid RFC 3339 date and time.",
    "time_delta_parsing": "Input should be a valid duration.",
    "union_tag_invalid": "The kind named here is not known.",
}
NOWHERE = object()
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}\Z")

Found = Mapping[str, Any]


def explain_fields(found: Sequence[Found], body: object) -> tuple[list[FieldError], int]:
    """The first hundred errors, and how many there are beyond them.

    That a value is no Python object of some class is left out: nobody can send one, and the error of what they can
    send stands beside it.
    """
    told = [error for error in found if error["type"] != "is_instance_of"]
    return [_explain(error, body) for error in told[:MAX_FIELDS]], max(0, len(told) - MAX_FIELDS)


def is_not_json(content_type: str | None) -> bool:
    """Whether a Content-Type (or its absence) keeps the body from being read as JSON."""
    message = Message()
    message["content-type"] = content_type or "application/octet-stream"
    subtype = message.get_content_subtype()
    return message.get_content_maintype() != "application" or not (subtype == "json" or subtype.endswith("+json"))


def point(path: Sequence[str | int], body: object, *, missing: bool = False) -> str:
    """An RFC 6901 pointer from Pydantic's path, by walking the body along it.

    The path also names union members and validators; what the body does not hold is left out, except the last
    step of a missing field. Names that do not look like field names are shown as `?`: a key can be personal
    data too.
    """
    steps: list[str] = []
    here = body
    for at, step in enumerate(path):
        inside = _step_into(here, step)
        if inside is NOWHERE and not (missing and at == len(path) - 1):
            continue
        here = here if inside is NOWHERE else inside
        steps.append(_shown(step))
    return "".join(f"/{step}" for step in steps)


def _explain(error: Found, body: object) -> FieldError:
    where, *path = error["loc"]
    code, detail = _words(error)
    if where == "body":
        return FieldError(point(path, body, missing=error["type"] == "missing"), code, detail)
    place: Where = where if where in get_args(Where) else "body"
    return FieldError("".join(f"/{_shown(step)}" for step in path), code, detail, place)


def _words(error: Found) -> tuple[str, str]:
    kind = str(error["type"])
    context = error.get("ctx") or {}
    if isinstance(cause := context.get("error"), BadValue):
        return cause.code, cause.detail
    if kind in BEGINNINGS:
        return kind, BEGINNINGS[kind]
    return kind, str(error["msg"]) if FROM_THE_SCHEMA.issuperset(context) else GENERAL


def _step_into(here: object, step: str | int) -> object:
    if isinstance(here, Mapping):
        return here.get(step, NOWHERE)
    if isinstance(here, list) and isinstance(step, int) and step < len(here):
        return here[step]
    return NOWHERE


def _shown(step: str | int) -> str:
    if isinstance(step, int):
        return str(step)
    return step if NAME.match(step) and mask(step) == step and not re.search(r"\d{8}", step) else "?"
