"""After a restore: replies that may have been said in the forgotten time are not said (again)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session

_doubt = text(
    "UPDATE chat_replies SET state = 'uncertain', done_at = clock_timestamp()"
    " WHERE tenant_id = :tenant AND state IN ('owed', 'taken') AND made_at < :noticed_at"
)


async def doubt_replies(session: Session, tenant: UUID, noticed_at: datetime) -> int:
    """Make what was owed when the database was restored uncertain. How many."""
    return (await session.execute(_doubt, {"tenant": tenant, "noticed_at": noticed_at})).rowcount
