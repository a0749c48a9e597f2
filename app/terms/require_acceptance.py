"""Is there something that this tenant should have accepted by now, and has not?"""

from uuid import UUID

from app.kit.db import Session
from app.kit.sql import sql_beside
from app.terms.errors import TermsAcceptanceRequired

_overdue = sql_beside(__file__)


async def require_acceptance(session: Session, tenant: UUID) -> None:
    """Raises TermsAcceptanceRequired, which names the documents. Nothing published: nothing is required."""
    overdue = [row.document for row in await session.execute(_overdue, {"tenant": tenant})]
    if overdue:
        raise TermsAcceptanceRequired(documents=overdue)
