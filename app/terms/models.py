"""The tables of this room, as the migrations make them."""

from sqlalchemy import (
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
)

from app.kit.tables import metadata

# One published version of one document of the operator. Append-only.
terms_versions = Table(
    "terms_versions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("document", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("language", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("summary", Text),
    Column("sha256", LargeBinary, nullable=False),
    Column("announced_at", TIMESTAMP(timezone=True), nullable=False),
    Column("effective_from", TIMESTAMP(timezone=True), nullable=False),
    Column("acceptance_due_at", TIMESTAMP(timezone=True), nullable=False),
    Column("published_by", Text, nullable=False),
    Column("published_at", TIMESTAMP(timezone=True), nullable=False),
    UniqueConstraint("document", "version"),
)

# What a version makes part of itself. Append-only.
terms_incorporations = Table(
    "terms_incorporations",
    metadata,
    Column("terms_version_id", Uuid, ForeignKey("terms_versions.id"), primary_key=True),
    Column("place", SmallInteger, nullable=False),
    Column("document", Text, primary_key=True),
    Column("prevails", Boolean, nullable=False),
)

# That a tenant was told of a version. Append-only.
terms_announcements = Table(
    "terms_announcements",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("terms_version_id", Uuid, ForeignKey("terms_versions.id"), nullable=False),
    Column("announced_at", TIMESTAMP(timezone=True), nullable=False),
    UniqueConstraint("tenant_id", "terms_version_id"),
)

# That a tenant accepted. Append-only.
terms_acceptances = Table(
    "terms_acceptances",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey("tenants.tenant_id"), nullable=False),
    Column("terms_version_id", Uuid, ForeignKey("terms_versions.id"), nullable=False),
    Column("bundle_sha256", LargeBinary, nullable=False),
    Column("accepted_by_ct", LargeBinary, nullable=False),
    Column("api_key_id", Uuid, nullable=False),
    Column("accepted_at", TIMESTAMP(timezone=True), nullable=False),
    Index("terms_acceptances_tenant", "tenant_id", "id"),
)

# What exactly was accepted: the document and everything it incorporates. Append-only.
terms_acceptance_documents = Table(
    "terms_acceptance_documents",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("acceptance_id", Uuid, ForeignKey("terms_acceptances.id"), primary_key=True),
    Column("place", SmallInteger, nullable=False),
    Column("terms_version_id", Uuid, ForeignKey("terms_versions.id"), primary_key=True),
    Column("sha256", LargeBinary, nullable=False),
    Column("relation", Text, nullable=False),
)
