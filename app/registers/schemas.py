"""Entries of the registers as they cross the edge.

Each register has what is entered (`NewX`), what may change (`XChange`), and what is shown (`X`).
"""

from datetime import date, datetime
from typing import Annotated

from pydantic import MISSING, BaseModel, Field, StringConstraints

from app.registers.fields import (
    AssetId,
    AssetKind,
    BuiltIn,
    Category,
    Classification,
    ControlId,
    ControlKind,
    ControlState,
    Country,
    DataCategories,
    DataCategory,
    Day,
    DisclosureId,
    IncidentId,
    Moment,
    PersonId,
    ProcessorId,
    PurposeKeys,
    Role,
    Safeguard,
    Sent,
    Sha256,
    Text,
    TransferId,
)
from app.tenants.schemas import Name


class Life(BaseModel):
    """What every entry shows that can change and end."""

    version: int
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    end_reason: str | None


class TransferChange(Sent):
    """What shall be different; what is left out stays."""

    importer: Name | MISSING = MISSING
    country: Country | MISSING = MISSING
    safeguard: Safeguard | MISSING = MISSING
    document_sha256: Sha256 | MISSING = MISSING
    signed_on: Day | MISSING = MISSING
    notified_on: Annotated[Day | MISSING, Field(description="When the Authority was told.")] = MISSING
    notification_reference: Name | MISSING = MISSING
    purposes: PurposeKeys | MISSING = MISSING
    data_categories: DataCategories | MISSING = MISSING
    review_on: Day | MISSING = MISSING
    note: Text | MISSING = MISSING


class NewTransfer(TransferChange):
    """Data that leave the country (Law 6698, article 9)."""

    importer: Name
    country: Country
    safeguard: Safeguard = "unknown"


class Transfer(Life):
    """A transfer abroad. `notify_by` is the fifth business day after a standard contract was signed."""

    id: TransferId
    built_in: BuiltIn
    importer: str
    country: str
    safeguard: Safeguard
    document_sha256: str | None
    signed_on: date | None
    notify_by: date | None
    notify_by_certain: Annotated[bool, Field(description="False: the feasts of that year are not known yet.")]
    notified_on: date | None
    notification_reference: str | None
    purposes: list[str]
    data_categories: list[DataCategory]
    review_on: date | None
    note: str | None


class NewDisclosure(Sent):
    """Data that were given to a third party, and the law that allows it (Law 6698, article 8)."""

    category: Category
    recipient: Annotated[Name, Field(description="The body that received them, not a person.")]
    law: Annotated[str, StringConstraints(pattern=r"^[0-9]{3,5}$"), Field(description="Its number.", examples=["5271"])]
    article: Annotated[
        str, StringConstraints(pattern=r"^[0-9A-Za-zçÇğĞıİ][0-9A-Za-zçÇğĞıİ /.,-]{0,39}$"), Field(examples=["332"])
    ]
    reference: Annotated[Name | MISSING, Field(description="Number of the letter or file.")] = MISSING
    document_sha256: Sha256 | MISSING = MISSING
    disclosed_at: Moment
    purposes: PurposeKeys | MISSING = MISSING
    data_categories: Annotated[DataCategories, Field(min_length=1)]
    people: Annotated[list[PersonId] | MISSING, Field(max_length=1000)] = MISSING
    people_count: Annotated[int, Field(ge=1, le=2_000_000_000, description="Whose data, also where not all are named.")]
    note: Text | MISSING = MISSING


class Disclosure(BaseModel):
    """A disclosure, as it was entered. It never changes; a correction is a further entry."""

    id: DisclosureId
    category: str
    recipient: str
    law: str
    article: str
    reference: str | None
    document_sha256: str | None
    disclosed_at: datetime
    purposes: list[str]
    data_categories: list[DataCategory]
    people: list[PersonId]
    people_count: int
    note: str | None
    created_at: datetime


class ProcessorChange(Sent):
    """What shall be different; what is left out stays."""

    name: Name | MISSING = MISSING
    role: Role | MISSING = MISSING
    service: Name | MISSING = MISSING
    country: Country | MISSING = MISSING
    contract_version: Name | MISSING = MISSING
    contract_signed_on: Day | MISSING = MISSING
    contract_sha256: Sha256 | MISSING = MISSING
    data_categories: DataCategories | MISSING = MISSING
    review_on: Day | MISSING = MISSING
    note: Text | MISSING = MISSING


class NewProcessor(ProcessorChange):
    """Who processes data on your behalf (Law 6698, articles 3 and 12/2)."""

    name: Name
    role: Role = "processor"
    service: Name
    country: Country


class Processor(Life):
    """A processor, or a processor's processor."""

    id: ProcessorId
    built_in: BuiltIn
    name: str
    role: Role
    service: str
    country: str
    contract_version: str | None
    contract_signed_on: date | None
    contract_sha256: str | None
    data_categories: list[DataCategory]
    review_on: date | None
    note: str | None


class ControlChange(Sent):
    """What shall be different; what is left out stays. A check is `checked_on` and the next `review_on`."""

    title: Name | MISSING = MISSING
    kind: ControlKind | MISSING = MISSING
    state: ControlState | MISSING = MISSING
    verbis_label: Name | MISSING = MISSING
    responsible: Annotated[Name | MISSING, Field(description="A role, not a person.")] = MISSING
    checked_on: Day | MISSING = MISSING
    review_on: Day | MISSING = MISSING
    note: Text | MISSING = MISSING


class NewControl(ControlChange):
    """A measure that keeps data safe (Law 6698, article 12/1)."""

    title: Name
    kind: ControlKind
    state: ControlState = "open"


class Control(Life):
    """A measure, and when it is checked next."""

    id: ControlId
    built_in: BuiltIn
    title: str
    kind: ControlKind
    state: ControlState
    verbis_label: str | None
    responsible: str | None
    checked_on: date | None
    review_on: date | None
    note: str | None


class AssetChange(Sent):
    """What shall be different; what is left out stays."""

    name: Name | MISSING = MISSING
    kind: AssetKind | MISSING = MISSING
    classification: Classification | MISSING = MISSING
    responsible: Annotated[Name | MISSING, Field(description="A role, not a person.")] = MISSING
    location: Name | MISSING = MISSING
    rotated_on: Annotated[Day | MISSING, Field(description="When a secret was changed last.")] = MISSING
    review_on: Annotated[Day | MISSING, Field(description="Of a secret: when to change it.")] = MISSING
    note: Text | MISSING = MISSING


class NewAsset(AssetChange):
    """Something that has to be kept safe. Never the secret itself."""

    name: Name
    kind: AssetKind
    classification: Classification = "confidential"


class Asset(Life):
    """An information asset."""

    id: AssetId
    built_in: BuiltIn
    name: str
    kind: AssetKind
    classification: Classification
    responsible: str | None
    location: str | None
    rotated_on: date | None
    review_on: date | None
    note: str | None


class IncidentChange(Sent):
    """What shall be different; what is left out stays."""

    title: Name | MISSING = MISSING
    description: Text | MISSING = MISSING
    personal_data: Annotated[bool | MISSING, Field(description="False: it touched none, and no clock runs.")] = MISSING
    data_categories: DataCategories | MISSING = MISSING
    people_affected: Annotated[int | MISSING, Field(ge=0, le=2_000_000_000)] = MISSING
    notified_board_at: Moment | MISSING = MISSING
    board_reference: Name | MISSING = MISSING
    delay_reason: Annotated[Text | MISSING, Field(description="Needed when the Board is told later than 72 hours.")] = (
        MISSING
    )
    notified_people_at: Moment | MISSING = MISSING
    measures_taken: Text | MISSING = MISSING


class NewIncident(IncidentChange):
    """Something that went wrong with data (Law 6698, article 12/5). Its clock runs from `detected_at`."""

    title: Name
    description: Text
    detected_at: Moment


class Incident(Life):
    """An incident. The Board has to be told by `notify_board_by` when it touched personal data."""

    id: IncidentId
    title: str
    description: str
    detected_at: datetime
    notify_board_by: datetime
    personal_data: bool
    data_categories: list[DataCategory]
    people_affected: int | None
    notified_board_at: datetime | None
    board_reference: str | None
    delay_reason: str | None
    notified_people_at: datetime | None
    measures_taken: str | None
