"""Imports as they cross the edge."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.consents.fields import ImportId, PersonId
from app.kit.page import PageBody

OutcomeName = Literal["opened", "recorded", "repeated", "refused"]


class ConsentImport(BaseModel):
    """A stream of acts, and what became of its rows so far.

    `opened`: the gate let the person through for that purpose when the row was committed. `recorded`: it is in the
    ledger and opened nothing. `repeated`: it was there already. `refused`: only its row number was kept.
    """

    id: ImportId
    state: Annotated[
        Literal["open", "completed", "aborted"],
        Field(description="Aborted: the stream ended early. What was committed stays; send it again to go on."),
    ]
    media_type: str
    created_at: datetime
    closed_at: datetime | None
    rows: int
    opened: int
    recorded: int
    repeated: int
    refused: int
    reasons: Annotated[dict[str, int], Field(description="How many rows opened nothing, by reason.")]


class TakenConsentImport(ConsentImport):
    """An import that was taken in whole."""

    ignored_columns: Annotated[list[str], Field(description="Columns of the CSV that nobody asked for, by place.")]


class ConsentImportPage(PageBody[ConsentImport]):
    """A page of imports, newest first."""


class ConsentImportRow(BaseModel):
    """What became of one row. In CSV the first row after the header is row 2, as a spreadsheet shows it."""

    row: int
    outcome: OutcomeName
    reason: Annotated[str | None, Field(description="Why it opened nothing.")]
    detail: Annotated[str | None, Field(description="The field that is wrong, or the record that is in the way.")]
    person_id: PersonId | None


class ConsentImportRowPage(PageBody[ConsentImportRow]):
    """A page of rows, in their order."""
