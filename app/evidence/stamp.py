"""The seam for somebody outside to say when: an RFC 3161 time-stamp, or a copy kept elsewhere.

The chain proves order and content; that a checkpoint existed at a certain time, and that nobody wrote everything anew
since, only somebody outside can say. A stamp is asked for before the checkpoint is written and kept with it.
"""

from typing import Protocol


class Stamp(Protocol):
    """Somebody who vouches for the moment."""

    async def stamp(self, digest: bytes) -> bytes | None:
        """A token over SHA-256 of the signed note, or None when there is none. Must not take long."""


class NoStamp:
    """Nobody: the default."""

    async def stamp(self, digest: bytes) -> bytes | None:
        """Nothing."""
        return None
