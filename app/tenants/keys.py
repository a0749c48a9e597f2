"""A tenant's two keys: unwrap them once per process, make them once per tenant."""

from uuid import UUID

from sqlalchemy import text

from app.kit.crypto import new_key, seal, unseal
from app.kit.db import Session
from app.runtime import Runtime, TenantKeys

_NEWEST = text(
    "SELECT wrapped_data_key, wrapped_hash_key FROM tenant_keys WHERE tenant_id = :tenant"
    " ORDER BY key_number DESC LIMIT 1"
)
_KEEP = text(
    "INSERT INTO tenant_keys (tenant_id, key_number, wrapped_data_key, wrapped_hash_key)"
    " VALUES (:tenant, 1, :data, :lookup)"
)


async def get_tenant_keys(run: Runtime, session: Session, tenant: UUID) -> TenantKeys:
    """The tenant's keys, from memory or unwrapped from the database.

    Raises LookupError when the tenant has none, Unsealable when the master key is not the one that wrapped them.
    """
    known = run.tenant_keys.get(tenant)
    if known is not None:
        return known
    row = (await session.execute(_NEWEST, {"tenant": tenant})).one_or_none()
    if row is None:
        raise LookupError("This tenant has no keys.")
    wrapping = run.master.subkey("tenant-keys")
    keys = TenantKeys(
        data=unseal(wrapping, row.wrapped_data_key, _where(tenant, "data")),
        lookup=unseal(wrapping, row.wrapped_hash_key, _where(tenant, "lookup")),
    )
    run.tenant_keys[tenant] = keys
    return keys


async def make_tenant_keys(run: Runtime, session: Session, tenant: UUID) -> TenantKeys:
    """Make and keep a new tenant's keys, wrapped by the master key."""
    keys = TenantKeys(data=new_key(), lookup=new_key())
    wrapping = run.master.subkey("tenant-keys")
    await session.execute(
        _KEEP,
        {
            "tenant": tenant,
            "data": seal(wrapping, keys.data, _where(tenant, "data")),
            "lookup": seal(wrapping, keys.lookup, _where(tenant, "lookup")),
        },
    )
    return keys


def _where(tenant: UUID, which: str) -> bytes:
    return b"tenant_keys|" + which.encode() + b"|" + tenant.bytes
