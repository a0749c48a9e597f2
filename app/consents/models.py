"""The tables of this room, as the migrations make them."""

from sqlalchemy import TIMESTAMP, Column, Date, Index, Integer, LargeBinary, SmallInteger, Table, Text, Uuid, text

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
    Index("consent_events_person", "tenant_id", "person_id", "id"),
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
)
