"""The tables of this room, as the migrations make them."""

from sqlalchemy import ARRAY, TIMESTAMP, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, Uuid

from app.kit.tables import metadata

# A customer of this installation. Everything else belongs to exactly one of these.
tenants = Table(
    "tenants",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
)

# A tenant's two keys, wrapped by the master key.
tenant_keys = Table(
    "tenant_keys",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.tenant_id"), primary_key=True),
    Column("key_number", Integer, primary_key=True, autoincrement=False),
    Column("wrapped_data_key", LargeBinary, nullable=False),
    Column("wrapped_hash_key", LargeBinary, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
)

# What a caller presents. Only the hash of the secret is here.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant_id", Uuid, ForeignKey("tenants.tenant_id"), nullable=False),
    Column("public_id", Text, nullable=False, unique=True),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
    Column("revoked_at", TIMESTAMP(timezone=True)),
    Index("api_keys_tenant_id", "tenant_id", "id"),
)

# One remembered answer: the key is a keyed hash; `body` holds headers and body, sealed with the tenant's
# data key.
idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("operation", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    Index("idempotency_keys_created_at", "created_at"),
)
