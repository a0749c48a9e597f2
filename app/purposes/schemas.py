"""Purposes as they cross the edge."""

from typing import Annotated, Any, Literal, Self

from pydantic import MISSING, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from app.kit.errors import BadValue
from app.kit.http.moments import Moment
from app.kit.page import PageBody


class Purpose(BaseModel):
    """Why a person may be written to, in the version in force."""

    key: str
    version: int
    # `class` is a word of Python's, so the model calls it `class_`; on the wire it is `class`.
    class_: Annotated[
        Literal["transactional", "service", "marketing", "legal"],
        Field(serialization_alias="class", validation_alias="class"),
    ]
    title_tr: str
    title_en: str
    description_tr: str
    description_en: str
    example_tr: Annotated[str | None, Field(description="What such a message may say; null when none may be sent.")]
    example_en: str | None
    legal_basis: Annotated[str, Field(description="Article 5 of Law 6698 (KVKK): `kvkk_5_1` is explicit consent.")]
    law_references: Annotated[list[str], Field(description="Citations of `GET /v1/legal-references`.")]
    needs_consent: Annotated[bool, Field(description="False: recording a consent for it is refused.")]
    sendable: Annotated[bool, Field(description="Whether a message may be sent for it.")]
    commercial: Annotated[bool, Field(description="Whether Law 6563 asks for approval as well (İYS).")]
    template_categories: list[Literal["marketing", "utility", "authentication"]]
    delivery_policy: Literal["at_most_once", "at_least_once"]
    retention_days: Annotated[int, Field(description="How long its records are kept, counted from `retention_from`.")]
    retention_from: Annotated[
        Literal["consent_ended", "basis_ended"], Field(description="The event at which the clock of retention starts.")
    ]
    retention_references: Annotated[list[str], Field(description="Where the law says how long.")]
    quiet_hours: Annotated[bool, Field(description="Whether its messages wait for the end of quiet hours.")]
    frequency_cap: Annotated[bool, Field(description="Whether its messages count towards the caps, and wait for them.")]
    profiling: Annotated[bool, Field(description="Whether the person is profiled for it.")]
    audience: Annotated[
        Literal["recipients", "members"],
        Field(description="`members`: customers of this service; no message can be sent for such a purpose."),
    ]
    dpv: Annotated[list[str], Field(description="Terms of the W3C Data Privacy Vocabulary.")]
    active: bool
    consent_max_age_days: Annotated[
        int | None, Field(description="Days after which a consent or approval has to be given again; null: never.")
    ]


class PurposePage(PageBody[Purpose]):
    """The registry. It fits one page, always."""


class PurposeVersion(BaseModel):
    """One version of a purpose as it was in force. Messages and consents pin the number."""

    version: int
    recorded_at: Moment
    in_force: bool
    content: Annotated[dict[str, Any], Field(description="The whole entry of the registry, as it was then.")]


class PurposeVersionPage(PageBody[PurposeVersion]):
    """Every version of a purpose, the newest first, in one page."""


class PurposeVariables(BaseModel):
    """Which variables your messages for this purpose may carry."""

    purpose: str
    allowed: Annotated[list[str] | None, Field(description="null: there is no list, a template may ask for any.")]


class PurposeVariablesChange(BaseModel):
    """The new list."""

    model_config = ConfigDict(extra="forbid", strict=True)

    allowed: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^([1-9][0-9]{0,2}|[a-z][a-z0-9_]{0,63})$")]] | MISSING,
        Field(max_length=100, description="Names as in `variables` of a template. Left out: the list is taken away."),
    ] = MISSING


class LegalReference(BaseModel):
    """A place in the law that purposes rest on, or that says how long their records are kept."""

    citation: Annotated[str, Field(examples=["6698 m.5/1"])]
    law: str
    article: str | None
    title_tr: str
    title_en: str
    source: str
    purposes: Annotated[list[str], Field(description="Keys of the purposes that cite it.")]
    retention_of: Annotated[list[str], Field(description="Keys of the purposes whose retention cites it.")]


class LegalReferencePage(PageBody[LegalReference]):
    """The law that the product speaks of, in one page."""


Clock = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"), Field(examples=["21:00"])]
Cap = Annotated[int, Field(ge=1, le=100)]


class ContactBounds(BaseModel):
    """One side's rules for marketing. null: this side has no such rule."""

    time_zone: str | None
    quiet_from: Annotated[str | None, Field(description="Local time at which quiet hours begin.", examples=["21:00"])]
    quiet_until: Annotated[str | None, Field(description="Local time at which they end.", examples=["09:00"])]
    marketing_per_7_days: Annotated[int | None, Field(description="Most messages to one person in any 7 days.")]
    marketing_per_30_days: Annotated[int | None, Field(description="Most messages to one person in any 30 days.")]


class ContactRules(BaseModel):
    """When, and how often, one person may get marketing. Both sides hold: quiet when one is, the smaller cap."""

    operator: ContactBounds
    own: ContactBounds
    opens_at: Annotated[Moment | None, Field(description="When quiet hours end; null while marketing may go.")]
    updated_at: Moment | None


class ContactRulesChange(BaseModel):
    """Your own rules, all of them; what is left out follows the operator."""

    model_config = ConfigDict(extra="forbid", strict=True)

    time_zone: Annotated[
        Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_+/-]+$")] | MISSING,
        Field(description="Where your quiet hours are told; the operator's where it is left out."),
    ] = MISSING
    quiet_from: Clock | MISSING = MISSING
    quiet_until: Clock | MISSING = MISSING
    marketing_per_7_days: Cap | MISSING = MISSING
    marketing_per_30_days: Cap | MISSING = MISSING

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        given = self.model_fields_set
        if ("quiet_from" in given) != ("quiet_until" in given) or ("time_zone" in given and "quiet_from" not in given):
            raise BadValue("quiet_hours_incomplete", "quiet_from and quiet_until belong together, time_zone to both.")
        if "quiet_from" in given and self.quiet_from == self.quiet_until:
            raise BadValue("quiet_hours_incomplete", "quiet_from and quiet_until must differ.")
        return self
