"""The tables of this room, as the migrations make them."""

from sqlalchemy import (
    TIMESTAMP,
    Boolean,
    Column,
    Index,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    text,
)

from app.kit.tables import metadata

# Every webhook body as it came, sealed. Append-only, partitioned by time.
webhook_raw = Table(
    "webhook_raw",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("received_at", TIMESTAMP(timezone=True), nullable=False),
    Column("body_ct", LargeBinary, nullable=False),
)

# Which bodies are still to be read; `due_at` in the future: being read, or failed and tried again then.
webhook_queue = Table(
    "webhook_queue",
    metadata,
    Column("raw_id", Uuid, primary_key=True),
    Column("urgent", Boolean, nullable=False),
    Column("tries", SmallInteger, nullable=False),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False),
    Index("webhook_queue_turns", text("urgent DESC"), "raw_id"),
)

# What people wrote to us, without the words. `keyword` is the folded stop word, NULL for everything else.
inbound_messages = Table(
    "inbound_messages",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("fingerprint", Uuid, primary_key=True),
    Column("person_id", Uuid),
    Column("sender_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("keyword", Text),
    Column("provider_at", TIMESTAMP(timezone=True), nullable=False),
    Column("seen_at", TIMESTAMP(timezone=True), nullable=False),
    Column("withdrawn_at", TIMESTAMP(timezone=True)),
    Index(
        "inbound_messages_person",
        "tenant_id",
        "person_id",
        postgresql_where=text("person_id IS NOT NULL"),
    ),
    Index(
        "inbound_messages_stops",
        "tenant_id",
        "person_id",
        "seen_at",
        postgresql_where=text("keyword IS NOT NULL"),
    ),
)
