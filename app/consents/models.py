"""The tables of this room, as the migrations make them."""

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.kit.tables import metadata

# The ledger. Append-only, partitioned by the time in the id.
consent_events = Table(
    "consent_events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("record_kind", Text, nullable=False),
    Column("act", Text, nullable=False),
    Column("entity", Text, nullable=False),
    Column("purpose_id", SmallInteger),
    Column("purpose_version", Integer),
    Column("notice_version_id", Uuid),
    Column("scope", Text),
    Column("occurred_at", TIMESTAMP(timezone=True), nullable=False),
    Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
    Column("valid_until", TIMESTAMP(timezone=True)),
    Column("channel", Text, nullable=False),
    Column("method", Text),
    Column("iys_transaction_id", Text),
    Column("iys_date", Date),
    Column("evidence_ct", LargeBinary),
    Column("evidence_digest", LargeBinary),
    Column("api_key_id", Uuid),
    Column("carried_from", Uuid),
    Column("alias_id", Uuid),
    Column("other_person_id", Uuid),
    Column("collection_context", Text),
    Column("language", Text),
    Column("supersedes_id", Uuid),
    Column("renews_id", Uuid),
    Column("challenge_id", Uuid),
    Column("import_id", Uuid),
    Column("evidence_ids", ARRAY(Uuid)),
    Column("details", JSONB),
    Index("consent_events_person", "tenant_id", "person_id", "id"),
    Index(
        "consent_events_supersedes",
        "tenant_id",
        "supersedes_id",
        postgresql_where=text("supersedes_id IS NOT NULL"),
    ),
    Index(
        "consent_events_acknowledgement",
        "tenant_id",
        "notice_version_id",
        "id",
        postgresql_where=text("record_kind = 'notice_acknowledgement'"),
    ),
    postgresql_partition_by="RANGE (id)",
)

# The fold of the ledger: one row per person and purpose.
consent_states = Table(
    "consent_states",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("purpose_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("person_id", Uuid, primary_key=True),
    Column("consent_act", Text),
    Column("consent_at", TIMESTAMP(timezone=True)),
    Column("consent_until", TIMESTAMP(timezone=True)),
    Column("consent_event_id", Uuid),
    Column("consent_notice_version_id", Uuid),
    Column("approval_act", Text),
    Column("approval_at", TIMESTAMP(timezone=True)),
    Column("approval_until", TIMESTAMP(timezone=True)),
    Column("approval_event_id", Uuid),
    Column("basis_act", Text),
    Column("basis_at", TIMESTAMP(timezone=True)),
    Column("basis_until", TIMESTAMP(timezone=True)),
    Column("basis_event_id", Uuid),
    Index("consent_states_person", "person_id"),
)

# What stops messages: one row per person, scope, holder and kind.
suppressions = Table(
    "suppressions",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("person_id", Uuid, primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("raised_by", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("act", Text, nullable=False),
    Column("acted_at", TIMESTAMP(timezone=True), nullable=False),
    Column("event_id", Uuid, nullable=False),
    Index("suppressions_raised", "tenant_id", "event_id", postgresql_where=text("act = 'raised'")),
    Index(
        "suppressions_first",
        "tenant_id",
        "person_id",
        "kind",
        "scope",
        "raised_by",
        postgresql_where=text("act = 'raised'"),
    ),
)

# Proof that lies elsewhere, known by its hash. Append-only.
evidence_objects = Table(
    "evidence_objects",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("byte_size", BigInteger, nullable=False),
    Column("reference", Text),
    Column("physical_ref", JSONB(none_as_null=True)),
    Column("captured_at", TIMESTAMP(timezone=True)),
    Column("api_key_id", Uuid),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Index("evidence_objects_tenant", "tenant_id", "id"),
)

# A stream of acts, and what became of its rows.
consent_imports = Table(
    "consent_imports",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("api_key_id", Uuid),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("seen_at", TIMESTAMP(timezone=True), nullable=False),
    Column("closed_at", TIMESTAMP(timezone=True)),
    Column("row_count", Integer, nullable=False),
    Column("opened", Integer, nullable=False),
    Column("recorded", Integer, nullable=False),
    Column("repeated", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("reasons", JSONB, nullable=False),
    Column("digest", LargeBinary),
    Index("consent_imports_tenant", "tenant_id", "id"),
)

# One line per committed chunk, its rows as parallel arrays. Append-only.
consent_import_chunks = Table(
    "consent_import_chunks",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("import_id", Uuid, ForeignKey("consent_imports.id"), primary_key=True),
    Column("last_row", Integer, primary_key=True, autoincrement=False),
    Column("row_numbers", ARRAY(Integer), nullable=False),
    Column("outcomes", ARRAY(Text), nullable=False),
    Column("reasons", ARRAY(Text), nullable=False),
    Column("fields", ARRAY(Text), nullable=False),
    Column("people", ARRAY(Uuid), nullable=False),
)
