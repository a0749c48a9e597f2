"""The tables of this room, as the migrations make them."""

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import OID

from app.kit.tables import metadata

# A WhatsApp business number that messages are sent from.
senders = Table(
    "senders",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey("tenants.tenant_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("phone_number_id", Text, nullable=False, unique=True),
    Column("waba_id", Text, nullable=False),
    Column("display_phone_number", Text, nullable=False),
    Column("token_ct", LargeBinary, nullable=False),
    Column("token_last4", Text, nullable=False),
    Column("messages_per_second", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("version", Integer, nullable=False),
    Column("portfolio_id", Text),
    Index("senders_tenant_id", "tenant_id", "id"),
)

# A sender's line. Hot and narrow: its drainer writes here, nobody else.
sender_lines = Table(
    "sender_lines",
    metadata,
    Column("sender_id", Uuid, ForeignKey("senders.id"), primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("owner", Text),
    Column("fence", BigInteger, nullable=False),
    Column("lease_until", TIMESTAMP(timezone=True), nullable=False),
    Column("halted_until", TIMESTAMP(timezone=True), nullable=False),
    Column("halted_code", Integer),
    Column("halted_scope", Text),
    Column("halted_at", TIMESTAMP(timezone=True)),
    Column("halts", Integer, nullable=False),
    Column("rate", Double),
    Column("rate_at", TIMESTAMP(timezone=True)),
    Column("next_slot_at", TIMESTAMP(timezone=True)),
)

# What Meta allows a portfolio, over all its numbers.
portfolios = Table(
    "portfolios",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.tenant_id"), primary_key=True),
    Column("portfolio_id", Text, primary_key=True),
    Column("messaging_limit", Text),
)

# Whom it wrote to last when; those of the last 24 hours count.
portfolio_people = Table(
    "portfolio_people",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("portfolio_id", Text, primary_key=True),
    Column("person_id", Uuid, primary_key=True),
    Column("last_at", TIMESTAMP(timezone=True), nullable=False),
    Index("portfolio_people_last", "tenant_id", "portfolio_id", "last_at"),
)

# Which database this is, and whether it may send: one row. It names the installation outside of itself, too.
restore_guard = Table(
    "restore_guard",
    metadata,
    Column("only_row", Boolean, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("installation", Uuid),
    Column("system_identifier", BigInteger),
    Column("timeline", Text),
    Column("database_oid", OID),
    Column("table_oid", OID),
    Column("seen_at", TIMESTAMP(timezone=True)),
    Column("quarantined_at", TIMESTAMP(timezone=True)),
    Column("reason", Text),
)

# Each quarantine that ended, and who answers for it. Append-only.
restore_releases = Table(
    "restore_releases",
    metadata,
    Column("epoch", Integer, primary_key=True),
    Column("quarantined_at", TIMESTAMP(timezone=True), nullable=False),
    Column("reason", Text, nullable=False),
    Column("forgotten_since", TIMESTAMP(timezone=True)),
    Column("uncertain", BigInteger, nullable=False),
    Column("released_by", Text, nullable=False),
    Column("nothing_was_sent", Boolean, nullable=False),
    Column("released_at", TIMESTAMP(timezone=True), nullable=False),
)
