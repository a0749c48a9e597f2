"""The tables of this room, as the migrations make them."""

from sqlalchemy import TIMESTAMP, Column, Index, LargeBinary, Table, Text, Uuid, text

from app.kit.tables import metadata

# What a person asked. Their words and our answer are sealed with their own key.
subject_requests = Table(
    "subject_requests",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("identity_check", Text, nullable=False),
    Column("received_at", TIMESTAMP(timezone=True), nullable=False),
    Column("warn_at", TIMESTAMP(timezone=True), nullable=False),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False),
    Column("details_ct", LargeBinary),
    Column("state", Text, nullable=False),
    Column("outcome", Text),
    Column("answer_ct", LargeBinary),
    Column("closed_at", TIMESTAMP(timezone=True)),
    Column("closed_by", Text),
    Column("created_by", Text, nullable=False),
    Index("subject_requests_tenant_id", "tenant_id", "id"),
    Index("subject_requests_person", "tenant_id", "person_id"),
)

# Who was erased, and how far the raw webhooks were searched for them since.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("person_id", Uuid, nullable=False),
    Column("erased_at", TIMESTAMP(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("request_id", Uuid),
    Column("searched_at", TIMESTAMP(timezone=True)),
    Index("erasures_person", "tenant_id", "person_id"),
    Index("erasures_unsearched", "erased_at", postgresql_where=text("searched_at IS NULL")),
)
