"""Erase people: destroy what opens their values, and the values."""

from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session

# Reads and writes are two statements on purpose: the row is held (consents.restrict) before either.
_people = text(
    "UPDATE people SET key_salt = NULL, erased_at = clock_timestamp()"
    " WHERE tenant_id = :tenant AND id = :person AND erased_at IS NULL RETURNING erased_at"
)
_aliases = text(
    "UPDATE aliases SET value_ct = NULL WHERE tenant_id = :tenant AND person_id = :person AND value_ct IS NOT NULL"
)


async def erase(session: Session, tenant: UUID, person: UUID) -> int:
    """Destroy the person's key and the values of their aliases. How many aliases were emptied.

    Without the salt nobody can make the key again, so everything that was sealed with it is unreadable for ever, also
    what was copied elsewhere. The aliases' keyed hashes stay: by them a stop, and the erasure itself, are recognised
    when somebody imports the number again. Raises LookupError when there is nobody to erase.
    """
    if (await session.execute(_people, {"tenant": tenant, "person": person})).one_or_none() is None:
        raise LookupError("Nobody to erase.")
    return (await session.execute(_aliases, {"tenant": tenant, "person": person})).rowcount
