"""The tables of this room, as the migrations make them."""

from sqlalchemy import TIMESTAMP, BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text, Uuid, text

from app.kit.tables import metadata

_GATE = "Raised first by every act that restricts; a claim holds this row, so the two have one order."

# A person. Without the salt nothing of theirs can be opened.
people = Table(
    "people",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("key_salt", LargeBinary),
    Column("gate_version", BigInteger, nullable=False, comment=_GATE),
    Column("erased_at", TIMESTAMP(timezone=True)),
    Column("merged_into", Uuid, ForeignKey("people.id")),
    Column("held_since", TIMESTAMP(timezone=True)),
    Column("party_type", Text, nullable=False),
    Column("party_event_id", Uuid),
    Index("people_merged_into", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
)

# What a person is reached or known by; found by its hash while it is open. Closed ones are history.
aliases = Table(
    "aliases",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("person_id", Uuid, ForeignKey("people.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("hash", Uuid, nullable=False),
    Column("value_ct", LargeBinary),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("closed_at", TIMESTAMP(timezone=True)),
    Column("closed_reason", Text),
    Index("aliases_hash", "tenant_id", "hash", unique=True, postgresql_where=text("closed_at IS NULL")),
    Index("aliases_closed", "tenant_id", "hash", postgresql_where=text("closed_at IS NOT NULL")),
    Index("aliases_person_id", "person_id"),
)
