"""Business time of a test's own database, set to a moment."""

from datetime import datetime, timedelta

import asyncpg

from app.kit.clock import utc_now

TODAY = timedelta(0)


async def shift_to(admin_url: str, moment: str | None) -> None:
    """Let business time be that moment now; None is the present."""
    shift = TODAY if moment is None else datetime.fromisoformat(moment) - utc_now()
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute("UPDATE toplu.business_clock SET shift = $1", shift)
    finally:
        await connection.close()
