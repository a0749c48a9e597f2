"""The table of this room, as the migrations make it."""

from sqlalchemy import TIMESTAMP, Column, Index, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from app.kit.tables import metadata

# One act: who did what to which thing. Append-only.
audit_events = Table(
    "audit_events",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("object_id", Text),
    Column("detail", JSONB, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Index("audit_events_tenant_id", "tenant_id", "id"),
)
