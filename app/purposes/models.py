"""The tables of this room, as the migrations make them."""

from sqlalchemy import ARRAY, TIMESTAMP, Boolean, Column, ForeignKey, Integer, SmallInteger, Table, Text, Time, Uuid
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
    Column("consent_max_age_days", Integer),
    Column("description_tr", Text, nullable=False),
    Column("description_en", Text, nullable=False),
    Column("example_tr", Text),
    Column("example_en", Text),
    Column("retention_from", Text, nullable=False),
    Column("retention_references", ARRAY(Text), nullable=False),
    Column("quiet_hours", Boolean, nullable=False),
    Column("frequency_cap", Boolean, nullable=False),
    Column("profiling", Boolean, nullable=False),
    Column("audience", Text, nullable=False),
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

# The law, by law and article: what purposes and their retention cite.
legal_references = Table(
    "legal_references",
    metadata,
    Column("citation", Text, primary_key=True),
    Column("law", Text, nullable=False),
    Column("article", Text),
    Column("title_tr", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column(
        "source",
        Text,
        nullable=False,
        comment="Where the text is published: number or gazette (RG: Resmî Gazete, the Official Gazette).",
    ),
)

# A tenant's own rules of when and how often; NULL: the operator's.
contact_rules = Table(
    "contact_rules",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.tenant_id"), primary_key=True),
    Column("time_zone", Text),
    Column("quiet_from", Time),
    Column("quiet_until", Time),
    Column("marketing_per_7_days", Integer),
    Column("marketing_per_30_days", Integer),
    Column("version", Integer, nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
)

# The only variables a tenant's messages for a purpose may carry. No row: no list.
purpose_variables = Table(
    "purpose_variables",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.tenant_id"), primary_key=True),
    Column("purpose_id", SmallInteger, ForeignKey("purposes.id"), primary_key=True),
    Column("variables", ARRAY(Text), nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
)
