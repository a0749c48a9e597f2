"""The tables of this room, as the migrations make them."""

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

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

# One published version in one language; `main` stands for the version. Append-only.
notice_versions = Table(
    "notice_versions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("notice_id", Uuid, ForeignKey("notices.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("main", Boolean, nullable=False),
    Column("language", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("blocks", JSONB(none_as_null=True)),
    Column("label", Text),
    Column("sha256", LargeBinary, nullable=False),
    Column("purpose_ids", ARRAY(SmallInteger), nullable=False),
    Column("change_kind", Text, nullable=False),
    Column("requires", JSONB(none_as_null=True)),
    Column("published_at", TIMESTAMP(timezone=True), nullable=False),
    Column("shown_since", TIMESTAMP(timezone=True)),
    Index("notice_versions_language", "notice_id", "version", "language", unique=True),
    Index("notice_versions_main", "notice_id", "version", unique=True, postgresql_where=text("main")),
)

# From when a version carries no consent any more for a purpose (NULL: for all): we write one row for each. Beside the
# version, which never changes.
notice_staleness = Table(
    "notice_staleness",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("notice_version_id", Uuid, ForeignKey("notice_versions.id"), nullable=False),
    Column("stale_at", TIMESTAMP(timezone=True), nullable=False),
    Column("purpose_ids", ARRAY(SmallInteger)),
    Index(
        "notice_staleness_once",
        "tenant_id",
        "notice_version_id",
        "purpose_ids",
        unique=True,
        postgresql_nulls_not_distinct=True,
    ),
)
