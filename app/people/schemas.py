"""People as they cross the edge: by id, never by number."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from app.kit.errors import BadValue
from app.kit.ids import PrefixedId

PersonId = Annotated[UUID, PrefixedId("per")]
AliasId = Annotated[UUID, PrefixedId("als")]
EventId = Annotated[UUID, PrefixedId("cev")]
AliasKind = Literal["phone", "wa_id", "bsuid"]
PartyType = Literal["natural", "legal"]
# A word, not free text, so that nothing personal ends up in it.
Reason = Annotated[
    str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$"), Field(examples=["typing_error", "same_customer"])
]
Proof = Annotated[str, StringConstraints(min_length=1, max_length=255)]


def _text(value: object) -> object:
    # Pydantic would also read a number as seconds since 1970.
    if not isinstance(value, str | datetime):
        raise BadValue("datetime_type", "Input should be text in RFC 3339.")
    return value


class Edge(BaseModel):
    """What callers send: no field that is not known, no type that has to be guessed."""

    model_config = ConfigDict(extra="forbid", strict=True)


class AliasName(Edge):
    """A number or a business-scoped user id: exactly one of the two."""

    to: Annotated[str, StringConstraints(max_length=64), Field(examples=["+905321234567"])] | MISSING = MISSING
    user_id: (
        Annotated[str, StringConstraints(max_length=160), Field(examples=["TR.13491208655302741918"])] | MISSING
    ) = MISSING


class LinkAlias(AliasName):
    """A number or user id that is this person's too."""

    reason: Annotated[Reason, Field(description="How you know, in one word; it is kept in the ledger and the audit.")]
    merge: Annotated[
        bool, Field(description="If somebody else is known by it: true says that both are one person.")
    ] = False


class CorrectAlias(AliasName):
    """The right number or user id, in place of one that was written down wrongly."""

    alias: Annotated[AliasId, Field(description="The wrong one. It is closed.")]
    reason: Reason


class CloseAlias(Edge):
    """A line that is gone, or is somebody else's now."""

    reason: Literal["line_closed", "recycled"]
    occurred_at: Annotated[
        Annotated[AwareDatetime, Field(strict=False, examples=["2026-11-02T09:15:04+03:00"]), BeforeValidator(_text)]
        | MISSING,
        Field(description="Now, if left out."),
    ] = MISSING


class DeclareParty(Edge):
    """What kind of party this is. A merchant or tradesman (`legal`) is proven."""

    party_type: PartyType
    evidence: Annotated[
        dict[Literal["mersis", "tax_number", "chamber_number", "document"], Proof],
        Field(
            max_length=4,
            default_factory=dict,
            description="Required for `legal`. Encrypted with the person's key.",
        ),
    ]
    reason: Reason


class Alias(BaseModel):
    """What a person is, or was, known by. Of a number the last four digits are shown, of a user id nothing."""

    id: AliasId
    kind: AliasKind
    last4: Annotated[str | None, Field(examples=["4567"])]
    created_at: datetime
    closed_at: datetime | None
    closed_reason: str | None


class Standing(BaseModel):
    """The act that stands, and the event that proves it."""

    act: str
    occurred_at: datetime
    valid_until: datetime | None
    event_id: EventId


class PurposeStanding(BaseModel):
    """May this person be written to for this purpose, now, and what stands about it?"""

    purpose: str
    sendable: bool
    allowed: bool
    refusal: str | None
    refused_for: str | None
    consent: Standing | MISSING = MISSING
    approval: Standing | MISSING = MISSING
    basis: Standing | MISSING = MISSING


class Stop(BaseModel):
    """A scope that is stopped."""

    id: EventId
    scope: str
    kind: Literal["suppression", "objection"]
    raised_by: Literal["person", "tenant", "platform"]
    acted_at: datetime


class Person(BaseModel):
    """A person, by their id. Whoever asks for somebody who was absorbed is told who they are now."""

    id: PersonId
    merged: Annotated[list[PersonId], Field(description="Who turned out to be this person.")]
    party_type: PartyType
    erased_at: datetime | None
    held_since: Annotated[
        datetime | None,
        Field(description="The number had another holder until then: no consent that is older opens anything."),
    ]
    aliases: list[Alias]
    purposes: list[PurposeStanding]
    suppressions: list[Stop]
