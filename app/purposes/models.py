"""The tables of this room, as the migrations make them."""

from sqlalchemy import ARRAY, TIMESTAMP, Boolean, Column, ForeignKey, Integer, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from app.kit.tables import metadata

# The registry: one row per purpose, the version in force.
purposes = Table(
    "purposes",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("key", Text, nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("class", Text, nullable=False),
    Column("title_tr", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("legal_basis", Text, nullable=False),
    Column("law_references", ARRAY(Text), nullable=False),
    Column("sendable", Boolean, nullable=False),
    Column("commercial", Boolean, nullable=False),
    Column("template_categories", ARRAY(Text), nullable=False),
    Column("delivery_policy", Text, nullable=False),
    Column("retention_days", Integer, nullable=False),
    Column("dpv", ARRAY(Text), nullable=False),
    Column("active", Boolean, nullable=False),
)

# Every version that was ever in force, whole. Append-only; the database writes it.
purpose_versions = Table(
    "purpose_versions",
    metadata,
    Column("purpose_id", SmallInteger, ForeignKey("purposes.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
    Column("content", JSONB, nullable=False),
)
