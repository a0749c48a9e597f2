"""The fields of what callers send: their types, their limits, and nothing that has to be guessed."""

from datetime import date
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import (
    MISSING,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WrapValidator,
)

from app.kit.errors import BadValue
from app.kit.ids import PrefixedId

MOST_ROWS = 10_000
MOST_BYTES = 8 * 1024 * 1024  # 10,000 rows with their evidence

PersonId = Annotated[UUID, PrefixedId("per")]
ConsentEventId = Annotated[UUID, PrefixedId("cev")]
NoticeVersionId = Annotated[UUID, PrefixedId("ntv")]
EvidenceId = Annotated[UUID, PrefixedId("evd")]
ChallengeId = Annotated[UUID, PrefixedId("chl")]
ImportId = Annotated[UUID, PrefixedId("imp")]


def _only_text(value: object) -> object:
    # Pydantic would also read a number as seconds since 1970.
    if not isinstance(value, str | date):
        raise BadValue("datetime_type", "Input should be text in RFC 3339.")
    return value


Moment = Annotated[
    AwareDatetime,
    Field(strict=False, examples=["2026-11-02T09:15:04+03:00"]),
    BeforeValidator(_only_text),
]
Day = Annotated[date, Field(strict=False, examples=["2026-11-02"]), BeforeValidator(_only_text)]
PurposeKey = Annotated[str, StringConstraints(max_length=64), Field(examples=["campaign_information"])]
# A word for how an act came about. Not free text, so that no personal data ends up in it.
Method = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$"), Field(examples=["checkbox", "signature"])]
Number = Annotated[
    str, StringConstraints(max_length=64), Field(description="Phone number, best as E.164.", examples=["+905321234567"])
]
UserId = Annotated[
    str,
    StringConstraints(max_length=160),
    Field(description="Business-scoped user id.", examples=["TR.13491208655302741918"]),
]
EvidenceKey = Annotated[str, StringConstraints(min_length=1, max_length=64)]
EvidenceValue = Annotated[str, StringConstraints(max_length=2000)]
OnInvalid = Annotated[
    Literal["reject", "skip"],
    Field(description="`reject`: one bad row and nothing is recorded. `skip`: the others are recorded."),
]

Row = TypeVar("Row")
# A list whose rows are documented as `Row` and taken as they come; each is read later, on its own.
Rows = Annotated[list[Annotated[Row, WrapValidator(lambda value, _: value)]], Field(min_length=1, max_length=MOST_ROWS)]


class Edge(BaseModel):
    """What callers send: no field that is not known, no type that has to be guessed."""

    model_config = ConfigDict(extra="forbid", strict=True)


def known(value: Any) -> Any:
    """A field's value, or None when it was left out."""
    return None if value is MISSING else value
