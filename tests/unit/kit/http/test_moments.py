from datetime import UTC, datetime

import pytest
from pydantic import BaseModel, ValidationError

from app.kit.http.moments import Moment


class Event(BaseModel):
    at: Moment


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00.000Z"),
        ("2026-01-31T12:00:00.5+03:00", "2026-01-31T09:00:00.500Z"),
        ("2026-01-31t09:00:00.123456z", "2026-01-31T09:00:00.123Z"),
    ],
)
def test_a_moment_is_utc_inside_and_out(text: str, shown: str) -> None:
    event = Event.model_validate({"at": text})

    assert UTC == event.at.tzinfo
    assert f'{{"at":"{shown}"}}' == event.model_dump_json()


@pytest.mark.parametrize(
    "value",
    [
        *(
            "2026-01-31T09:00:00",
            "2026-01-31",
            "2026-02-30T00:00:00Z",
            "905321234567",
            "+905321234567",
            "",
            "now",
        ),
        *(905321234567, 1.5, None, datetime.fromisoformat("2026-01-31T09:00:00")),
    ],
)
def test_anything_else_is_no_moment(value: object) -> None:
    with pytest.raises(ValidationError):
        Event.model_validate({"at": value})


def test_the_schema_is_a_date_time() -> None:
    for mode in ("validation", "serialization"):
        schema = Event.model_json_schema(mode=mode)
        assert {"type": "string", "format": "date-time"}.items() <= schema["properties"]["at"].items()
