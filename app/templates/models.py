"""The tables of this room, as the migrations make them."""

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from app.kit.tables import metadata

# One language of a message template, as Meta approved it.
templates = Table(
    "templates",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey("tenants.tenant_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("parameter_format", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("variables", ARRAY(Text), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
    Column("header", Text),
    Column("footer", Text),
    Column("buttons", ARRAY(Text), nullable=False),
    Column("review", Text, nullable=False),
    UniqueConstraint("tenant_id", "name", "language"),
)

# Who looked at a template that the linter stopped, and why they decided so. Append-only.
template_reviews = Table(
    "template_reviews",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("template_id", Uuid, ForeignKey("templates.id", ondelete="CASCADE"), nullable=False),
    Column("template_version", Integer, nullable=False),
    Column("decision", Text, nullable=False),
    Column("reviewed_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reviewed_at", TIMESTAMP(timezone=True), nullable=False),
    Index("template_reviews_template", "template_id", "id"),
)

# What a template may be sent for.
template_purposes = Table(
    "template_purposes",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("template_id", Uuid, ForeignKey("templates.id", ondelete="CASCADE"), primary_key=True),
    Column("purpose_id", SmallInteger, ForeignKey("purposes.id"), primary_key=True),
)
