"""Templates as they cross the edge."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field, StringConstraints

from app.kit.ids import PrefixedId
from app.kit.page import PageBody

TemplateId = Annotated[UUID, PrefixedId("tpl")]
Category = Literal["marketing", "utility", "authentication"]
Review = Literal["not_linted", "not_needed", "needs_review", "cleared", "rejected"]
Gap = Literal["sender_not_named", "contact_missing", "refusal_missing", "promotion_not_marked"]
_LINE = r"^[^\x00-\x1f\x7f]+$"
Status = Literal["approved", "pending", "rejected", "paused", "disabled", "needs_review"]
PurposeKeys = Annotated[
    list[str],
    Field(max_length=24, description="Keys from `GET /v1/purposes`: what this template may be sent for."),
]


class NewTemplate(BaseModel):
    """A message template as Meta knows it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,512}$")]
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(_[A-Z]{2,3})?$")]
    category: Category
    body: Annotated[
        str,
        StringConstraints(min_length=1, max_length=1024, pattern=r"^[^\x00]+$"),
        Field(description="The body's text with its variables, `{{1}}` or `{{name}}`."),
    ]
    header: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=_LINE)] | MISSING = MISSING
    footer: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=_LINE)] | MISSING = MISSING
    buttons: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=25, pattern=_LINE)]],
        Field(max_length=10, description="What the buttons say."),
    ] = []
    purposes: PurposeKeys
    status: Annotated[Status, Field(description="What Meta says of it.")] = "pending"


class TemplateChange(BaseModel):
    """What shall be different; what is left out stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    status: Status | MISSING = MISSING
    purposes: PurposeKeys | MISSING = MISSING


class NewTemplateReview(BaseModel):
    """What a person decided about a text that the linter stopped."""

    model_config = ConfigDict(extra="forbid", strict=True)

    decision: Annotated[
        Literal["cleared", "rejected"],
        Field(description="`cleared`: it promotes nothing, and may be sent. `rejected`: it stays stopped."),
    ]
    reviewed_by: Annotated[
        str,
        StringConstraints(min_length=2, max_length=200, pattern=_LINE, strip_whitespace=True),
        Field(description="Who decided: a member of your staff."),
    ]
    reason: Annotated[
        str, StringConstraints(min_length=3, max_length=1000, pattern=r"^[^\x00]+$", strip_whitespace=True)
    ]


class TemplateReview(BaseModel):
    """The newest decision of a person about a template, and the template's version at that time."""

    decision: Literal["cleared", "rejected"]
    reviewed_by: str
    reason: str
    template_version: int
    reviewed_at: datetime


class Template(BaseModel):
    """A template. `variables` are what every recipient has to bring."""

    id: TemplateId
    name: str
    language: str
    category: Category
    status: Status
    parameter_format: Literal["positional", "named"]
    body: str
    header: str | None
    footer: str | None
    buttons: list[str]
    variables: list[str]
    purposes: list[str]
    review: Annotated[
        Review,
        Field(description="`needs_review`: it sounds like promotion, and nothing is sent with it until cleared."),
    ]
    findings: Annotated[list[str], Field(description="Stems of promotional words that were found, and `%`.")]
    last_review: TemplateReview | MISSING = MISSING
    gaps: Annotated[
        list[Gap], Field(description="What a marketing text should hold and this one does not seem to. Stops nothing.")
    ]
    version: int
    created_at: datetime
    updated_at: datetime


class TemplatePage(PageBody[Template]):
    """A page of templates."""
