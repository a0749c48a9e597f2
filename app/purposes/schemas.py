"""Purposes as they cross the edge."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

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
    legal_basis: Annotated[str, Field(description="Article 5 of Law 6698 (KVKK): `kvkk_5_1` is explicit consent.")]
    law_references: list[str]
    needs_consent: Annotated[bool, Field(description="False: recording a consent for it is refused.")]
    sendable: Annotated[bool, Field(description="Whether a message may be sent for it.")]
    commercial: Annotated[bool, Field(description="Whether Law 6563 asks for approval as well (İYS).")]
    template_categories: list[Literal["marketing", "utility", "authentication"]]
    delivery_policy: Literal["at_most_once", "at_least_once"]
    retention_days: int
    dpv: Annotated[list[str], Field(description="Terms of the W3C Data Privacy Vocabulary.")]
    active: bool


class PurposePage(PageBody[Purpose]):
    """The registry. It fits one page, always."""
