"""What a batch does about errors, lost answers and waiting, as it crosses the edge."""

from typing import Annotated, Literal

from pydantic import MISSING, BaseModel, ConfigDict, Field

from app.kit.http.moments import Moment

DeliveryPolicyName = Literal["at_most_once", "at_least_once"]
POLICY = Field(
    description="When an answer is lost: `at_most_once` never posts again; `at_least_once` does after 30 seconds, three"
    " posts in all, so the person may get a message twice. Default: the purpose's. Not for marketing."
)


class ErrorPolicy(BaseModel):
    """What happens when much of a batch fails."""

    model_config = ConfigDict(extra="forbid")

    on_errors: Annotated[
        Literal["pause", "go_on"],
        Field(description="`pause`: the batch is paused, with the reason `error_rate`, until somebody resumes it."),
    ] = "pause"
    rate: Annotated[float, Field(gt=0, le=1, description="Failed messages among those that WhatsApp dealt with.")] = 0.5
    sample: Annotated[int, Field(ge=1, le=1_000_000, description="Judged only after this many.")] = 100


class Waiting(BaseModel):
    """Why something waits that may go later. At `until` it is decided on again; without it, somebody has to act."""

    reason: Annotated[
        Literal[
            "quiet_hours",
            "frequency_cap",
            "engagement_hold",
            "portfolio_limit",
            "lost_answer",
            "retry",
            "template_paused",
            "template_not_approved",
            "template_needs_review",
            "template_not_bound",
            "quarantined",
            "sender_paused",
            "sender_halted",
            "no_worker",
            "terms_acceptance_required",
            "transfer_undocumented",
        ],
        Field(
            description="`quiet_hours`: nobody is disturbed now. `frequency_cap`: the person has had enough lately."
            " `engagement_hold`: WhatsApp wants no marketing to this person for a day."
            " `portfolio_limit`: your account reached the people it may reach in 24 hours."
            " `lost_answer`: it may have been sent, and is sent again then. `retry`: WhatsApp said later."
            " `sender_halted`: see `halted` of the sender. `no_worker`: none is running."
        ),
    ]
    until: Moment | MISSING = MISSING
