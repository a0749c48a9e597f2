"""What hides a person: the keyed hash that finds an alias, and the key that opens what is theirs."""

from typing import Literal
from uuid import UUID

from app.kit.crypto import derive, keyed_hash, seal, unseal
from app.runtime import TenantKeys

AliasKind = Literal["phone", "wa_id", "bsuid"]


def alias_hash(keys: TenantKeys, kind: AliasKind, value: str) -> UUID:
    """The fingerprint an alias is found by. Equal numbers of two tenants have different fingerprints."""
    return keyed_hash(keys.lookup, f"{kind}|{value}".encode())


def person_key(keys: TenantKeys, salt: bytes) -> bytes:
    """The key of one person. Without the salt, which erasure destroys, it cannot be made again."""
    return derive(keys.data, salt)


def seal_alias(keys: TenantKeys, salt: bytes, person: UUID, value: str) -> bytes:
    """An alias's value, sealed for its person."""
    return seal(person_key(keys, salt), value.encode(), b"alias|" + person.bytes)


def unseal_alias(keys: TenantKeys, salt: bytes, person: UUID, sealed: bytes) -> str:
    """The alias's value. Raises Unsealable."""
    return unseal(person_key(keys, salt), sealed, b"alias|" + person.bytes).decode()
