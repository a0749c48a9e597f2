"""Moments at the edge: RFC 3339 with an offset in, UTC with `Z` and milliseconds out.

Pydantic's own datetime also takes naive times and bare numbers (a phone number becomes a
date); this one does not.
"""

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from app.kit.errors import BadValue

RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)


def _check(value: object) -> object:
    if isinstance(value, str) and RFC_3339.match(value):
        return value
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    raise BadValue("moment_invalid", "Give an RFC 3339 time with its offset, as 2026-01-31T09:00:00Z.")


def show(moment: datetime) -> str:
    """`2026-01-31T09:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _to_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


Moment = Annotated[
    datetime,
    BeforeValidator(_check),
    AfterValidator(_to_utc),
    PlainSerializer(show, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-01-31T09:00:00.000Z"]}),
]
"""The type of every time in a body or a query: a datetime in UTC inside."""
