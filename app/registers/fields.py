"""The fields of the registers: their types, their limits, and the closed lists among them."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.kit.errors import BadValue
from app.kit.http.moments import Moment as AnyMoment
from app.kit.ids import PrefixedId

FIRST_DAY, LAST_DAY = date(1990, 1, 1), date(2100, 12, 31)


def _only_text(value: object) -> object:
    # Pydantic would also read a number as seconds since 1970.
    if not isinstance(value, str | date):
        raise BadValue("date_type", "Give a date as 2026-11-22.")
    return value


Day = Annotated[
    date, Field(strict=False, ge=FIRST_DAY, le=LAST_DAY, examples=["2026-11-02"]), BeforeValidator(_only_text)
]
Moment = Annotated[AnyMoment, Field(strict=False)]
Country = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(description="ISO 3166-1 alpha-2.", examples=["US"])
]
Sha256 = Annotated[
    str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(description="Of the document.", examples=["0" * 64])
]
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=4000, pattern=r"^[^\x00]+$"), Field(description="No personal data.")
]
PurposeKeys = Annotated[
    list[Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{2,60}$")]],
    Field(max_length=64, description="Keys from `GET /v1/purposes`; empty means every purpose.", examples=[[]]),
]
DataCategory = Literal[
    "identity",
    "contact",
    "location",
    "customer_transaction",
    "legal_transaction",
    "transaction_security",
    "finance",
    "marketing",
    "special",
    "other",
]
DataCategories = Annotated[list[DataCategory], Field(max_length=10)]
PersonId = Annotated[UUID, PrefixedId("per")]
TransferId = Annotated[UUID, PrefixedId("trf")]
DisclosureId = Annotated[UUID, PrefixedId("dsc")]
ProcessorId = Annotated[UUID, PrefixedId("prc")]
ControlId = Annotated[UUID, PrefixedId("ctl")]
AssetId = Annotated[UUID, PrefixedId("ast")]
IncidentId = Annotated[UUID, PrefixedId("inc")]
ExportId = Annotated[UUID, PrefixedId("exp")]

Safeguard = Literal["standard_contract", "adequacy", "bcr", "undertaking", "occasional_exception", "unknown"]
Role = Literal["processor", "sub_processor"]
ControlKind = Literal["technical", "administrative"]
ControlState = Literal["in_place", "open", "not_applicable"]
AssetKind = Literal["information", "secret", "system", "device", "archive"]
Classification = Literal["public", "internal", "confidential", "secret"]
Category = Annotated[
    Literal[
        "authority",
        "court",
        "lawyer",
        "auditor",
        "processor",
        "group_company",
        "person_request",
        "other_controller",
        "media",
        "advertising",
    ],
    Field(description="`media` and `advertising` are always refused."),
]
BuiltIn = Annotated[str | None, Field(description="The product's own entry; it can change and not end.")]


class Sent(BaseModel):
    """What callers send: no field that is not known."""

    model_config = ConfigDict(extra="forbid", strict=True)


class EndedEntry(Sent):
    """Why an entry ends."""

    reason: Text
