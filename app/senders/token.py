"""Seal a sender's access token, and open it for the one who posts."""

from uuid import UUID

from app.kit.crypto import seal, unseal
from app.runtime import Runtime


def seal_token(run: Runtime, token: str, sender_id: UUID) -> bytes:
    """The token as it is stored. It opens for this sender only."""
    return seal(run.master.subkey("sender-tokens"), token.encode(), _where(sender_id))


def open_token(run: Runtime, sealed: bytes, sender_id: UUID) -> str:
    """The token in clear. Raises Unsealable when the master key is another, or the row was moved."""
    return unseal(run.master.subkey("sender-tokens"), sealed, _where(sender_id)).decode()


def _where(sender_id: UUID) -> bytes:
    return b"senders|token|" + sender_id.bytes
