"""The tables of this room, as the migrations make them. Hot tables have no foreign keys; the migration says why."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    REAL,
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
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


def _at(name: str, *, nullable: bool = True) -> Column[Any]:
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable)


def _evidence() -> list[Column[Any]]:
    names = ("consent_event_id", "approval_event_id", "basis_event_id", "notice_version_id")
    return [Column(name, Uuid) for name in names]


# One template to many people, for one purpose. Template and purpose versions are pinned.
batches = Table(
    "batches",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey("tenants.tenant_id"), nullable=False),
    Column("sender_id", Uuid, ForeignKey("senders.id"), nullable=False),
    Column("template_id", Uuid, ForeignKey("templates.id"), nullable=False),
    Column("template_version", Integer, nullable=False),
    Column("template_name", Text, nullable=False),
    Column("template_language", Text, nullable=False),
    Column("parameter_format", Text, nullable=False),
    Column("variables", ARRAY(Text), nullable=False),
    Column("purpose_id", SmallInteger, ForeignKey("purposes.id"), nullable=False),
    Column("purpose_version", Integer, nullable=False),
    Column("delivery_policy", Text, nullable=False),
    Column("on_invalid", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("state_reason", Text),
    Column("total", Integer, nullable=False),
    _at("send_at"),
    _at("expires_at"),
    _at("started_at"),
    _at("ended_at"),
    Column("reference", Text),
    Column("metadata", JSONB, nullable=False),
    Column("version", Integer, nullable=False),
    _at("waits_until"),
    Column("waits_version", Integer),
    Column("waits_for", Text),
    _at("content_destroyed_at"),
    _at("log_destroyed_at"),
    _at("records_destroyed_at"),
    Column("error_rate", REAL),
    Column("error_sample", Integer, nullable=False),
    Column("errors_before", BigInteger, nullable=False),
    Column("answers_before", BigInteger, nullable=False),
    Column("start_late", Text, nullable=False),
    Column("unknown_codes", ARRAY(Integer), nullable=False),
    Index("batches_tenant_id", "tenant_id", "id"),
    Index("batches_running", "sender_id", "id", postgresql_where=text("state = 'running'")),
    Index(
        "batches_open",
        "tenant_id",
        postgresql_where=text("state IN ('scheduled', 'running', 'paused', 'loading')"),
    ),
    Index("batches_cancelled", "ended_at", postgresql_where=text("state = 'cancelled'")),
    Index(
        "batches_content",
        "tenant_id",
        "purpose_id",
        "id",
        postgresql_where=text("content_destroyed_at IS NULL"),
    ),
)

# A stream of recipients; counts only when closed.
uploads = Table(
    "uploads",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("batch_id", Uuid, ForeignKey("batches.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("body_digest", LargeBinary),
    _at("seen_at", nullable=False),
    _at("closed_at"),
    Index("uploads_one_open", "batch_id", unique=True, postgresql_where=text("state = 'open'")),
    Index("uploads_batch", "batch_id", "id"),
)

# Each recipient once per batch.
batch_members = Table(
    "batch_members",
    metadata,
    Column("tenant_id", Uuid, nullable=False),
    Column("batch_id", Uuid, primary_key=True),
    Column("recipient_key", Uuid, primary_key=True),
    Column("upload_id", Uuid, nullable=False),
    Column("message_id", Uuid),
)

# Written once: who, what, and the decision at accept.
messages = Table(
    "messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("batch_id", Uuid, nullable=False),
    Column("upload_id", Uuid, nullable=False),
    Column("row_number", Integer, nullable=False),
    Column("person_id", Uuid),
    Column("alias_id", Uuid),
    Column("recipient_hash", Uuid),
    Column("variables_ct", LargeBinary),
    Column("reference", Text),
    Column("refusal", Text),
    Column("refusal_detail", Text),
    *_evidence(),
    Column("suppression_event_id", Uuid),
    Index("messages_batch", "batch_id", "id"),
    Index("messages_person", "person_id", postgresql_using="brin"),
    postgresql_partition_by="RANGE (id)",
)

# The queue: what waits and what is on its way. Hot and narrow.
dispatch = Table(
    "dispatch",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("batch_id", Uuid, nullable=False),
    Column("sender_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("purpose_id", SmallInteger, nullable=False),
    Column("state", Text, nullable=False),
    _at("due_at", nullable=False),
    Column("attempts", SmallInteger, nullable=False),
    Column("claims", Integer, nullable=False),
    Column("fence", BigInteger),
    _at("lease_until"),
    Column("purpose_version", Integer),
    *_evidence(),
    Column("waits_for", Text),
    Column("unsure", Boolean, nullable=False),
    Index("dispatch_queue", "batch_id", "due_at", "id", postgresql_where=text("state = 'queued'")),
    Index("dispatch_leases", "sender_id", "lease_until", postgresql_where=text("state = 'sending'")),
)

# What became of a message; statuses climb here. No index on the state, so that updates stay in the page.
outcomes = Table(
    "outcomes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("batch_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("reason_detail", Text),
    Column("meta_code", Integer),
    Column("wamid_hash", Uuid),
    Column("purpose_version", Integer),
    *_evidence(),
    Column("suppression_event_id", Uuid),
    Column("attempts", SmallInteger, nullable=False),
    _at("decided_at", nullable=False),
    _at("sent_at"),
    _at("delivered_at"),
    _at("read_at"),
    _at("failed_at"),
)

# The delivery log, append-only.
delivery_events = Table(
    "delivery_events",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    _at("at", nullable=False),
    _at("provider_at"),
    Column("reason", Text),
    Column("meta_code", Integer),
    Column("fence", BigInteger),
    Column("dedupe", Uuid),
    _at("until"),
    Index("delivery_events_dedupe", "message_id", "dedupe", unique=True, postgresql_where=text("dedupe IS NOT NULL")),
    postgresql_partition_by="RANGE (message_id)",
)

# When a whole batch waited, for what, and until when. Append-only.
batch_waits = Table(
    "batch_waits",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("batch_id", Uuid, ForeignKey("batches.id"), nullable=False),
    Column("reason", Text, nullable=False),
    _at("at", nullable=False),
    _at("until", nullable=False),
    Index("batch_waits_batch", "batch_id", "id"),
)

# Commercial messages of a person's last 30 days: which, and when each was claimed last. The two arrays are parallel.
frequency_counts = Table(
    "frequency_counts",
    metadata,
    Column("person_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("message_ids", ARRAY(Uuid), nullable=False),
    Column("claimed_at", ARRAY(TIMESTAMP(timezone=True)), nullable=False),
    Column("held_until", TIMESTAMP(timezone=True)),
)

# Counters as deltas.
batch_counts = Table(
    "batch_counts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("batch_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text),
    Column("n", BigInteger, nullable=False),
    Index("batch_counts_batch", "batch_id"),
)

# Statuses of messages nobody knows (yet).
parked_statuses = Table(
    "parked_statuses",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("message_id", Uuid, primary_key=True),
    Column("dedupe", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    _at("provider_at", nullable=False),
    Column("meta_code", Integer),
    Column("wamid_hash", Uuid),
    _at("parked_at", nullable=False),
)
