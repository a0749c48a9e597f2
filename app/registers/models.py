"""The tables of this room, as the migrations make them."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from app.kit.tables import metadata


def _whose() -> list[Column[Any]]:
    return [
        Column("id", Uuid, primary_key=True),
        Column("tenant_id", Uuid, ForeignKey("tenants.tenant_id"), nullable=False),
    ]


def _life() -> list[Column[Any]]:
    """What every entry has that can change and end."""
    return [
        Column("version", Integer, nullable=False),
        Column("created_at", TIMESTAMP(timezone=True), nullable=False),
        Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
        Column("ended_at", TIMESTAMP(timezone=True)),
        Column("end_reason", Text),
    ]


# Data that leave the country: to whom, and under which safeguard. `notify_by` is computed.
transfers = Table(
    "transfers",
    metadata,
    *_whose(),
    Column("built_in", Text),
    Column("importer", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("safeguard", Text, nullable=False),
    Column("document_sha256", Text),
    Column("signed_on", Date),
    Column("notify_by", Date),
    Column("notify_by_certain", Boolean, nullable=False),
    Column("notified_on", Date),
    Column("notification_reference", Text),
    Column("purposes", ARRAY(Text), nullable=False),
    Column("data_categories", ARRAY(Text), nullable=False),
    Column("review_on", Date),
    Column("note", Text),
    *_life(),
    UniqueConstraint("tenant_id", "built_in"),
    Index("transfers_tenant_id", "tenant_id", "id"),
)

# Data that were given to a third party, once. Append-only.
disclosures = Table(
    "disclosures",
    metadata,
    *_whose(),
    Column("category", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("law", Text, nullable=False),
    Column("article", Text, nullable=False),
    Column("reference", Text),
    Column("document_sha256", Text),
    Column("disclosed_at", TIMESTAMP(timezone=True), nullable=False),
    Column("purposes", ARRAY(Text), nullable=False),
    Column("data_categories", ARRAY(Text), nullable=False),
    Column("people", ARRAY(Uuid), nullable=False),
    Column("people_count", Integer, nullable=False),
    Column("note", Text),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Index("disclosures_tenant_id", "tenant_id", "id"),
    Index("disclosures_people", "people", postgresql_using="gin"),
)

# Who processes data on the tenant's behalf.
processors = Table(
    "processors",
    metadata,
    *_whose(),
    Column("built_in", Text),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("contract_version", Text),
    Column("contract_signed_on", Date),
    Column("contract_sha256", Text),
    Column("data_categories", ARRAY(Text), nullable=False),
    Column("review_on", Date),
    Column("note", Text),
    *_life(),
    UniqueConstraint("tenant_id", "built_in"),
    Index("processors_tenant_id", "tenant_id", "id"),
)

# Technical and administrative measures, as a checklist.
controls = Table(
    "controls",
    metadata,
    *_whose(),
    Column("built_in", Text),
    Column("title", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("verbis_label", Text),
    Column("responsible", Text),
    Column("checked_on", Date),
    Column("review_on", Date),
    Column("note", Text),
    *_life(),
    UniqueConstraint("tenant_id", "built_in"),
    Index("controls_tenant_id", "tenant_id", "id"),
)

# Information assets: what has to be kept safe, and secrets with the day they are changed.
assets = Table(
    "assets",
    metadata,
    *_whose(),
    Column("built_in", Text),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("classification", Text, nullable=False),
    Column("responsible", Text),
    Column("location", Text),
    Column("rotated_on", Date),
    Column("review_on", Date),
    Column("note", Text),
    *_life(),
    UniqueConstraint("tenant_id", "built_in"),
    Index("assets_tenant_id", "tenant_id", "id"),
)

# What went wrong, and when the Board and the people were told.
incidents = Table(
    "incidents",
    metadata,
    *_whose(),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("detected_at", TIMESTAMP(timezone=True), nullable=False),
    Column("personal_data", Boolean, nullable=False),
    Column("data_categories", ARRAY(Text), nullable=False),
    Column("people_affected", Integer),
    Column("notified_board_at", TIMESTAMP(timezone=True)),
    Column("board_reference", Text),
    Column("delay_reason", Text),
    Column("notified_people_at", TIMESTAMP(timezone=True)),
    Column("measures_taken", Text),
    *_life(),
    Index("incidents_tenant_id", "tenant_id", "id"),
)
