"""The tables of this room, as the migrations make them."""

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from app.kit.tables import metadata

# The kinds of data that are kept: a closed list, the same for everybody.
data_classes = Table(
    "data_classes",
    metadata,
    Column("key", Text, primary_key=True),
    Column("place", SmallInteger, nullable=False, unique=True),
    Column("keep_days", Integer),
    Column("by_purpose", Boolean, nullable=False),
    Column("least_days", Integer),
    Column("most_days", Integer),
    Column("method", Text, nullable=False),
    Column("law_references", ARRAY(Text), nullable=False),
    Column("title_tr", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("starts_tr", Text, nullable=False),
    Column("starts_en", Text, nullable=False),
)

# What a tenant chose instead; purpose 0 is every purpose without a choice of its own.
retention_rules = Table(
    "retention_rules",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("data_class", Text, ForeignKey("data_classes.key"), primary_key=True),
    Column("purpose_id", SmallInteger, primary_key=True, autoincrement=False),
    Column("keep_days", Integer, nullable=False),
    Column("set_at", TIMESTAMP(timezone=True), nullable=False),
)

# A person whose records have to stay.
legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("reason", Text, nullable=False),
    Column("reference", Text),
    Column("placed_at", TIMESTAMP(timezone=True), nullable=False),
    Column("placed_by", Text, nullable=False),
    Column("lifted_at", TIMESTAMP(timezone=True)),
    Column("lifted_by", Text),
    Index("legal_holds_tenant_id", "tenant_id", "id"),
    Index("legal_holds_person", "person_id", postgresql_where=text("lifted_at IS NULL")),
)

# One going-through, once it is over. Append-only.
destruction_runs = Table(
    "destruction_runs",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("person_id", Uuid),
    Column("actor", Text, nullable=False),
    Column("began_at", TIMESTAMP(timezone=True), nullable=False),
    Column("ended_at", TIMESTAMP(timezone=True), nullable=False),
    Index("destruction_runs_tenant_id", "tenant_id", "id"),
)

# What was destroyed, written with the destruction itself. Append-only.
destruction_items = Table(
    "destruction_items",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("run_id", Uuid, nullable=False),
    Column("data_class", Text, nullable=False),
    Column("purpose_id", SmallInteger),
    Column("method", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("keep_days", Integer),
    Column("law_references", ARRAY(Text), nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Index("destruction_items_run", "tenant_id", "run_id", "id"),
)

# What somebody destroys by hand and signs for.
destruction_tasks = Table(
    "destruction_tasks",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("person_id", Uuid),
    Column("evidence_id", Uuid),
    Column("archive", Text, nullable=False),
    Column("box", Text),
    Column("folder", Text),
    Column("page", Text),
    Column("reason", Text, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False),
    Column("signed_at", TIMESTAMP(timezone=True)),
    Column("signed_by", Text),
    Column("method", Text),
    Index("destruction_tasks_tenant_id", "tenant_id", "id"),
    Index("destruction_tasks_evidence", "tenant_id", "evidence_id", postgresql_where=text("evidence_id IS NOT NULL")),
)
