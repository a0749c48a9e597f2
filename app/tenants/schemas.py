"""API keys as they cross the edge."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from app.kit.errors import BadValue
from app.kit.ids import PrefixedId
from app.kit.page import PageBody
from app.tenants.api_keys import SCOPES

KeyId = Annotated[UUID, PrefixedId("key")]
# A name somebody gives to a thing: one line. PostgreSQL cannot keep NUL.
Name = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _known(scope: str) -> str:
    if scope not in SCOPES:
        raise BadValue("unknown_scope", "There is no such scope.")
    return scope


Scope = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": sorted(SCOPES)})]


class NewApiKey(BaseModel):
    """What a new API key shall be able to do, and for how long."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=50)]
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] = 365


class ApiKey(BaseModel):
    """An API key, without its secret. `public_id` is the readable part of the key's text."""

    id: KeyId
    public_id: str
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class IssuedApiKey(ApiKey):
    """A new API key. `key` is shown in this answer and never again."""

    key: str


class ApiKeyPage(PageBody[ApiKey]):
    """A page of API keys."""
