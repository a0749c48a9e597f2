"""How a link follows from the one before. Pure: the sealer, the receipts and every examination use this."""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from app.kit.ids import encode

BEGINNING = bytes(32)  # what the first link has before it
PREFIXES = {"consent": "cev", "audit": "aud", "decisions": "dec"}


def link_hash(seq: int, before: bytes, digest: bytes) -> bytes:
    """SHA-256 of 0x00, the place (8 bytes, big endian, from 1), the hash before, and the content's digest."""
    return hashlib.sha256(b"\0" + seq.to_bytes(8, "big") + before + digest).digest()


def link_up(seq: int, before: bytes, digests: Iterable[bytes]) -> Iterator[bytes]:
    """The hashes of the links that follow link `seq`, whose hash is `before`."""
    for digest in digests:
        seq += 1
        before = link_hash(seq, before, digest)
        yield before


def origin_of(tenant: UUID) -> str:
    """Whose chain it is: the first line of a checkpoint, and the name of the key that signs it."""
    return f"toplu/{encode('ten', tenant)}"


def decisions_content(
    *, id_: UUID, tenant: UUID, batch: UUID, first: UUID, last: UUID, size: int, root: bytes
) -> dict[str, Any]:
    """The content of a link over a tree of decisions."""
    return {
        "id": str(id_),
        "tenant_id": str(tenant),
        "batch_id": str(batch),
        "first_id": str(first),
        "last_id": str(last),
        "size": size,
        "root": root.hex(),
    }
