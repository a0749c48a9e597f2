"""Refuse everything that still waits for one person: they were erased."""

from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.sql import sql_beside

_by_index = text("SET LOCAL enable_seqscan = off")  # the migration of messages_person says why
_refuse = sql_beside(__file__)


async def refuse_person(session: Session, tenant: UUID, person: UUID) -> int:
    """Take the person's queued messages out of the queue, as refused. How many.

    The gate would refuse each of them at its claim; a batch may be scheduled for next month, and this says so today.
    What is on its way to WhatsApp right now cannot be called back.
    """
    await session.execute(_by_index)
    refused: int = (await session.execute(_refuse, {"tenant": tenant, "person": person})).scalar_one()
    return refused
