"""Templates as they cross the edge."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field, StringConstraints

from app.kit.ids import PrefixedId
from app.kit.page import PageBody

TemplateId = Annotated[UUID, PrefixedId("tpl")]
Category = Literal["marketing", "utility", "authentication"]
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
    purposes: PurposeKeys
    status: Annotated[Status, Field(description="What Meta says of it.")] = "pending"


class TemplateChange(BaseModel):
    """What shall be different; what is left out stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    status: Status | MISSING = MISSING
    purposes: PurposeKeys | MISSING = MISSING


class Template(BaseModel):
    """A template. `variables` are what every recipient has to bring."""

    id: TemplateId
    name: str
    language: str
    category: Category
    status: Status
    parameter_format: Literal["positional", "named"]
    body: str
    variables: list[str]
    purposes: list[str]
    version: int
    created_at: datetime
    updated_at: datetime


class TemplatePage(PageBody[Template]):
    """A page of templates."""
