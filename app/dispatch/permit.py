"""May this tenant send at all? The one place where that is decided, for every way of sending.

Whoever makes a batch run asks here first: `start` (a batch, a single message, a batch that is created and started at
once) and `resume`. What stops people's messages, what takes back or records, and what only reads, never asks.
"""

from uuid import UUID

from app.kit.db import Session
from app.terms.require_acceptance import require_acceptance


async def permit_sending(session: Session, tenant: UUID) -> None:
    """Raises TermsAcceptanceRequired. One statement for each call that sends, however many messages it carries."""
    await require_acceptance(session, tenant)
