"""The tables of this room, as the migrations make them."""

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from app.kit.tables import metadata

# One text that people are shown, through all its versions.
notices = Table(
    "notices",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey("tenants.tenant_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    UniqueConstraint("tenant_id", "name"),
)

# One published version. Append-only.
notice_versions = Table(
    "notice_versions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("notice_id", Uuid, ForeignKey("notices.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("purpose_ids", ARRAY(SmallInteger), nullable=False),
    Column("change_kind", Text, nullable=False),
    Column("published_at", TIMESTAMP(timezone=True), nullable=False),
    Column("shown_since", TIMESTAMP(timezone=True)),
    UniqueConstraint("notice_id", "version"),
)

# From when a version carries no consent any more. Beside the version, which never changes.
notice_staleness = Table(
    "notice_staleness",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("notice_version_id", Uuid, ForeignKey("notice_versions.id"), primary_key=True),
    Column("stale_at", TIMESTAMP(timezone=True), nullable=False),
)
