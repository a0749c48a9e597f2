"""The digest of a body that is too long to be held."""

import hashlib
from collections.abc import AsyncIterator

from app.kit.rows.errors import DigestMismatch


class Digest:
    """The SHA-256 of a body as it streams past."""

    def __init__(self, body: AsyncIterator[bytes]) -> None:
        self._body = body
        self._hash = hashlib.sha256()
        self.passed = 0  # bytes so far

    async def parts(self) -> AsyncIterator[bytes]:
        """The body, unchanged."""
        async for part in self._body:
            self._hash.update(part)
            self.passed += len(part)
            yield part

    def value(self) -> bytes:
        """The digest of what has passed."""
        return self._hash.digest()

    def must_equal(self, announced: bytes | None) -> None:
        """Raises DigestMismatch when the caller announced another digest (RFC 9530)."""
        if announced is not None and announced != self._hash.digest():
            raise DigestMismatch
