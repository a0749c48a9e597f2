"""A sender's capacity as it crosses the edge."""

from typing import Annotated, Literal

from pydantic import MISSING, BaseModel, Field

from app.dispatch.schemas import BatchId, SenderId
from app.kit.http.moments import Moment
from app.senders.queries import MessagingLimit
from app.senders.schemas import Halt

LimitedBy = Literal[
    "nothing",
    "rate",
    "slowed_down",
    "portfolio_limit",
    "waiting",
    "halted",
    "paused",
    "terms_acceptance_required",
    "transfer_undocumented",
    "quarantined",
]


class PortfolioBudget(BaseModel):
    """People the business portfolio may reach in a moving 24 hours, over all its numbers; `used` as counted here."""

    id: str
    messaging_limit: Annotated[MessagingLimit | None, Field(description="null: not told, so nothing is counted.")]
    used: int | None
    left: int | None
    frees_at: Annotated[Moment | None, Field(description="When the first of them no longer counts.")]


class BatchEta(BaseModel):
    """When the last message of a batch will have been handed to WhatsApp, if nothing changes."""

    id: BatchId
    left: Annotated[int | None, Field(description="Messages still to send. null: it does not run on this sender.")]
    sent_by: Annotated[Moment | None, Field(description="null: nobody can say, because it does not run.")]
    before_expiry: Annotated[bool | None, Field(description="false: some of it will expire before its turn.")]


class Capacity(BaseModel):
    """What limits a sender now."""

    sender: SenderId
    state: Literal["active", "paused"]
    limited_by: Annotated[
        LimitedBy,
        Field(
            description="The one thing that would have to change for more to be sent now. `nothing`: there is nothing"
            " to send. `rate`: what WhatsApp allows the number. `slowed_down`: WhatsApp said that it was too fast."
            " `portfolio_limit`: the people of 24 hours are reached. `waiting`: all that is left has to wait."
            " `terms_acceptance_required`, `transfer_undocumented`: nothing is sent for you before that is done."
            " `quarantined`: the operator restored the database, and has not released it."
        ),
    ]
    messages_per_second: Annotated[int, Field(description="What WhatsApp allows the number.")]
    effective_messages_per_second: Annotated[float, Field(description="At which pace it sends now, or would.")]
    draining: Annotated[bool, Field(description="A worker is sending from it at this moment.")]
    halted: Annotated[Halt | MISSING, Field(description="Only while it is.")] = MISSING
    portfolio: PortfolioBudget
    queued: Annotated[
        dict[Literal["otp", "utility", "marketing"], int],
        Field(description="Messages of running batches by lane: the category of their template."),
    ]
    sending: Annotated[int, Field(description="Messages that are being posted right now.")]
    waiting: Annotated[
        dict[str, int], Field(description="Of the queued: those whose whole batch waits, by reason.", examples=[{}])
    ]
    batch: BatchEta | MISSING = MISSING
