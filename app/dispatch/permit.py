"""May this tenant send at all? The one place where that is decided, for every way of sending.

Whoever makes a batch run asks here: `start` (a batch, a single message, a batch created and started at once), and
`resume`. A worker asks again once a second: what runs already waits while the answer is no, and goes on by itself. What
stops people's messages, what takes back or records, and what only reads, never asks.
"""

from uuid import UUID

from app.kit.db import Session
from app.registers.errors import TransferUndocumented
from app.registers.require_transfer import require_transfer
from app.settings import Settings
from app.terms.errors import TermsAcceptanceRequired
from app.terms.require_acceptance import require_acceptance

NOT_PERMITTED = (TermsAcceptanceRequired, TransferUndocumented)  # what a way of sending declares


async def permit_sending(settings: Settings, session: Session, tenant: UUID) -> None:
    """Raises TermsAcceptanceRequired, TransferUndocumented. Once for each call, however many messages it carries."""
    await require_acceptance(session, tenant)
    await require_transfer(settings, session, tenant)


async def find_obstacle(settings: Settings, session: Session, tenant: UUID) -> str | None:
    """The code of what forbids sending now, or None."""
    try:
        await permit_sending(settings, session, tenant)
    except NOT_PERMITTED as error:
        return error.code
    return None
