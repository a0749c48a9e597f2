"""The tables of this room, as the migrations make them."""

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
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
)

from app.kit.tables import metadata

# What is written and not sealed yet; filled by triggers, emptied by the sealer.
seal_queue = Table(
    "seal_queue",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("source", Text, nullable=False),
    Column("batch_id", Uuid),
    Column("ids", ARRAY(Uuid), nullable=False),
    Column("n", Integer, nullable=False),
    Column("queued_at", TIMESTAMP(timezone=True), nullable=False),
    Index("seal_queue_tenant", "tenant_id", "id"),
)

# The chain: one link per ledger line, administrative act, or tree of decisions. Append-only.
chain_links = Table(
    "chain_links",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("source", Text, nullable=False),
    Column("source_id", Uuid, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("sealed_at", TIMESTAMP(timezone=True), nullable=False),
    Index("chain_links_source", "tenant_id", "source_id", unique=True),
)

# Kept inner hashes of the tree over the links. Append-only.
chain_nodes = Table(
    "chain_nodes",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("level", SmallInteger, primary_key=True, autoincrement=False),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)

# One tree over decided messages of one batch. Append-only.
decision_roots = Table(
    "decision_roots",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("batch_id", Uuid, nullable=False),
    Column("first_id", Uuid, nullable=False),
    Column("last_id", Uuid, nullable=False),
    Column("size", Integer, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("ids", ARRAY(Uuid), nullable=False),
    Column("leaves", LargeBinary, nullable=False),
    Index("decision_roots_batch", "tenant_id", "batch_id", "last_id", "first_id"),
)

# Signed statements of the chain's length and root. Append-only.
checkpoints = Table(
    "checkpoints",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("note", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("stamp", LargeBinary),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    UniqueConstraint("tenant_id", "size"),
)

# What somebody outside said of a checkpoint, later. Append-only.
checkpoint_stamps = Table(
    "checkpoint_stamps",
    metadata,
    Column("checkpoint_id", Uuid, ForeignKey("checkpoints.id"), primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("stamp", LargeBinary, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Index("checkpoint_stamps_tenant", "tenant_id", "at"),
)

# Keys that sign or signed, each vouched for by those that came after it. Append-only.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("vouched_by", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("signature", LargeBinary, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
)

# Rows under the chain whose time was over, page by page; written by the database as it destroys. Append-only.
destroyed_rows = Table(
    "destroyed_rows",
    metadata,
    Column("act_id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, nullable=False),
    Column("run_id", Uuid, nullable=False),
    Column("data_class", Text, nullable=False),
    Column("ids", ARRAY(Uuid), nullable=False),
    Column("first_id", Uuid, nullable=False),
    Column("last_id", Uuid, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Index("destroyed_rows_range", "tenant_id", "last_id", "first_id"),
)
