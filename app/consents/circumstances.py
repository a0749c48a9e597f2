"""How an act came about, as it crosses the edge: what was shown, who helped, for whom, under which conditions.

Nothing here is free text: ids, closed words, hashes and times, so that no personal data ends up in the ledger.
What a person could be recognised by belongs into `evidence`, which is sealed.
"""

from typing import Annotated

from pydantic import MISSING, BaseModel, Field, StringConstraints

from app.consents.acts import AgeAssurance, CollectionContext, Discount, ProxyRole
from app.consents.fields import ConsentEventId, Edge, EvidenceId, Moment

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$"), Field(examples=["membership"])]
# Your own id of something: of a text, an operator, a message. Not a name, not an address.
OwnId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"), Field(examples=["clerk-7"])]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$"), Field(examples=["tr"])]
Sha256 = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9a-f]{64}$"),
    Field(description="SHA-256, hexadecimal.", examples=["0123456789abcdef" * 4]),
]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(examples=["TR"])]
Words = Annotated[list[Word], Field(min_length=1, max_length=20)]


class ConsentText(Edge):
    """The words beside the box that the person ticked: not the notice, the question itself."""

    id: OwnId
    version: Annotated[int, Field(ge=1, le=1_000_000)]
    language: Language
    sha256: Sha256


class OnBehalf(Edge):
    """Somebody acted for the person. Counts only with `evidence` or `evidence_ids` that show that they may."""

    role: ProxyRole
    reference: Annotated[
        Annotated[str, StringConstraints(min_length=1, max_length=255)] | MISSING,
        Field(description="Who, or by which document. Encrypted with the person's key."),
    ] = MISSING


class Confirmation(Edge):
    """The confirmation that goes to the person on the day of an electronic approval (Law 6563, regulation art. 7)."""

    id: OwnId
    sent_at: Moment
    refusal_option: bool


class ProcessingFacts(Edge):
    """Where this record's processing differs from what the purpose says of all (ISO/IEC TS 27560, processing)."""

    data_categories: Words | MISSING = MISSING
    recipients: Words | MISSING = MISSING
    withdrawal_methods: Words | MISSING = MISSING
    storage_locations: Annotated[list[Country], Field(min_length=1, max_length=20)] | MISSING = MISSING
    processing_locations: Annotated[list[Country], Field(min_length=1, max_length=20)] | MISSING = MISSING
    retention_rule: Word | MISSING = MISSING
    transfer_safeguard: OwnId | MISSING = MISSING
    jurisdiction: Country | MISSING = MISSING


class GivenCircumstances(Edge):
    """How an act came about."""

    collection_context: Annotated[
        CollectionContext | MISSING, Field(description="In the course of what the data were collected.")
    ] = MISSING
    language: Annotated[Language | MISSING, Field(description="In which the person was spoken to.")] = MISSING
    notice_shown_at: Annotated[Moment | MISSING, Field(description="Before the act, not before the version was.")] = (
        MISSING
    )
    consent_text: ConsentText | MISSING = MISSING
    is_precondition: Annotated[
        bool | MISSING, Field(description="True: something else depended on it. Kept, and never counted.")
    ] = MISSING
    bundled_with: Annotated[
        Annotated[list[Word], Field(max_length=20)] | MISSING,
        Field(description="What else the same act stood for, such as `membership`. Kept, and never counted."),
    ] = MISSING
    operator: Annotated[OwnId | MISSING, Field(description="Your id of who assisted.")] = MISSING
    on_behalf: OnBehalf | MISSING = MISSING
    age_assurance: Annotated[
        AgeAssurance | MISSING, Field(description="`minor` counts only through a parent or guardian with evidence.")
    ] = MISSING
    confirmation: Confirmation | MISSING = MISSING
    processing: ProcessingFacts | MISSING = MISSING
    evidence_ids: Annotated[
        Annotated[list[EvidenceId], Field(max_length=10)] | MISSING, Field(description="From `POST /v1/evidence`.")
    ] = MISSING
    supersedes: Annotated[
        ConsentEventId | MISSING,
        Field(
            description="The line that this one corrects: same person, purpose and kind. It stays, and counts no more."
        ),
    ] = MISSING
    renews: Annotated[ConsentEventId | MISSING, Field(description="The earlier consent that was given anew.")] = MISSING


class NotCounted(BaseModel):
    """A row that was recorded, and does not count."""

    index: int
    code: Discount
    detail: str
