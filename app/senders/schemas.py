"""Senders as they cross the edge."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, BaseModel, ConfigDict, Field, StringConstraints

from app.kit.ids import PrefixedId
from app.kit.page import PageBody
from app.senders.queries import MessagingLimit
from app.tenants.schemas import Name

SenderId = Annotated[UUID, PrefixedId("snd")]
MetaId = Annotated[str, StringConstraints(pattern=r"^[0-9]{5,25}$")]
# It travels in a header, so visible ASCII only.
AccessToken = Annotated[str, StringConstraints(min_length=8, max_length=2000, pattern=r"^[\x21-\x7e]+$")]
_never_shown = Field(repr=False, json_schema_extra={"writeOnly": True, "format": "password"})
PortfolioId = Annotated[
    MetaId,
    Field(description="The business portfolio (Meta's business id). Without it the account stands for it."),
]
Limit = Annotated[
    MessagingLimit,
    Field(description="People the whole portfolio may reach in a moving 24 hours. Not told: no budget is kept."),
]
Rate = Annotated[int, Field(ge=1, le=1000, description="What Meta allows this number: 20, 80 or 1,000.")]


class NewSender(BaseModel):
    """A WhatsApp business number to send from."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name
    phone_number_id: MetaId
    waba_id: MetaId
    display_phone_number: Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ()-]{5,29}$")]
    access_token: Annotated[AccessToken, _never_shown]
    messages_per_second: Rate = 80
    portfolio_id: PortfolioId | MISSING = MISSING
    messaging_limit: Limit | MISSING = MISSING


class SenderChange(BaseModel):
    """What shall be different; what is left out stays."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Name | MISSING = MISSING
    access_token: Annotated[AccessToken | MISSING, _never_shown] = MISSING
    messages_per_second: Rate | MISSING = MISSING
    portfolio_id: PortfolioId | MISSING = MISSING
    messaging_limit: Limit | MISSING = MISSING
    state: Literal["active", "paused"] | MISSING = MISSING


class Halt(BaseModel):
    """Why a sender is silent although it is active: WhatsApp refused in a way that its next message would meet too."""

    scope: Annotated[
        Literal["sender", "account", "credentials", "throttled", "no_answers"],
        Field(
            description="What was refused: this number, its whole account, its token. `throttled`: it was too fast."
            " `no_answers`: WhatsApp does not answer."
        ),
    ]
    code: Annotated[int | None, Field(description="WhatsApp's error code, where it gave one.")]
    title: Annotated[str | None, Field(description="What the code means, in short.")]
    since: datetime
    until: Annotated[datetime, Field(description="Then one message tries, and ends the halt or renews it.")]
    half_open: Annotated[bool, Field(description="`until` is over, and the one message is awaited.")]


class Sender(BaseModel):
    """A sender. Of its access token only the last four characters are shown."""

    id: SenderId
    name: str
    phone_number_id: str
    waba_id: str
    display_phone_number: str
    access_token_last4: str
    messages_per_second: int
    portfolio_id: str
    messaging_limit: Annotated[
        MessagingLimit | None, Field(description="Of the portfolio, so of all its senders. null: not told.")
    ]
    state: Literal["active", "paused"]
    halted: Annotated[
        Halt | MISSING, Field(description="Only while it is; `POST /v1/senders/{id}/resume` ends it.")
    ] = MISSING
    version: int
    created_at: datetime


class SenderPage(PageBody[Sender]):
    """A page of senders."""
