"""The tables of this room, as the migrations make them."""

from sqlalchemy import TIMESTAMP, BigInteger, Column, ForeignKey, Index, LargeBinary, Table, Text, Uuid

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
)

# What a person is reached or known by; found by its hash.
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
    Index("aliases_hash", "tenant_id", "hash", unique=True),
    Index("aliases_person_id", "person_id"),
)
