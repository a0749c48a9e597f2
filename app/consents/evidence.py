"""Free evidence, sealed so that erasing the person destroys it and leaves the ledger verifiable."""

import hashlib
import json
import os
from collections.abc import Mapping
from uuid import UUID

from app.consents.acts import Evidence
from app.kit.crypto import seal, unseal
from app.people.seal import person_key
from app.runtime import TenantKeys

SALT_BYTES = 16


def seal_evidence(keys: TenantKeys, salt: bytes, person: UUID, evidence: Mapping[str, str]) -> Evidence:
    """Seal `random salt || canonical JSON` with the person's key; the digest is SHA-256 of the same bytes.

    Without the random salt a digest of `{"reference": "12345"}` could be guessed back; with it the digest says nothing
    once the sealed value cannot be opened any more.
    """
    plain = os.urandom(SALT_BYTES) + _canonical(evidence)
    sealed = seal(person_key(keys, salt), plain, _where(person))
    return Evidence(sealed, hashlib.sha256(plain).digest())


def open_evidence(keys: TenantKeys, salt: bytes, person: UUID, stored: Evidence) -> tuple[dict[str, str], bool]:
    """The evidence, and whether it is what the digest was made of. Raises Unsealable."""
    plain = unseal(person_key(keys, salt), stored.sealed, _where(person))
    evidence: dict[str, str] = json.loads(plain[SALT_BYTES:])
    return evidence, hashlib.sha256(plain).digest() == stored.digest


def _canonical(evidence: Mapping[str, str]) -> bytes:
    return json.dumps(dict(evidence), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _where(person: UUID) -> bytes:
    return b"evidence|" + person.bytes
