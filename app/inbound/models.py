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

# What people wrote to us, without the words. `keyword` is the folded stop word, NULL for everything else;
# `scope` the purpose of a stop that names one.
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
    Column("scope", Text),
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

# What we still owe somebody who wrote to us: at most once each, within the window that their message opened.
chat_replies = Table(
    "chat_replies",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("sender_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("alias_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("keyword", Text),
    Column("scope", Text),
    Column("challenge_id", Uuid),
    Column("answers", Uuid, nullable=False),
    Column("purpose_id", SmallInteger, nullable=False),
    Column("window_until", TIMESTAMP(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("tries", SmallInteger, nullable=False),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False),
    Column("taken_at", TIMESTAMP(timezone=True)),
    Column("done_at", TIMESTAMP(timezone=True)),
    Column("code", Integer),
    UniqueConstraint("tenant_id", "answers", "kind"),
    Index("chat_replies_open", "tenant_id", "id", postgresql_where=text("state IN ('owed', 'taken')")),
    Index("chat_replies_person", "tenant_id", "person_id", "made_at"),
)

# The word behind DUR that stops one purpose only.
stop_codes = Table(
    "stop_codes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey("tenants.tenant_id"), nullable=False),
    Column("code", Text, nullable=False),
    Column("purpose_id", SmallInteger, ForeignKey("purposes.id"), nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    UniqueConstraint("tenant_id", "code"),
    Index("stop_codes_tenant_id", "tenant_id", "id"),
)

# Sentences that may mean STOP; marketing is held while one is open. The words are sealed for the person.
reviews = Table(
    "reviews",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("sender_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("alias_id", Uuid, nullable=False),
    Column("people", ARRAY(Uuid), nullable=False),
    Column("fingerprint", Uuid, nullable=False),
    Column("reason", Text, nullable=False),
    Column("words_ct", LargeBinary),
    Column("written_at", TIMESTAMP(timezone=True), nullable=False),
    Column("made_at", TIMESTAMP(timezone=True), nullable=False),
    Column("decision", Text),
    Column("decided_at", TIMESTAMP(timezone=True)),
    Column("decided_by", Uuid),
    UniqueConstraint("tenant_id", "fingerprint"),
    Index("reviews_tenant_id", "tenant_id", "id"),
    Index("reviews_open", "tenant_id", "id", postgresql_where=text("decision IS NULL")),
    Index("reviews_people", "people", postgresql_using="gin", postgresql_where=text("decision IS NULL")),
)
