"""Reads of this room."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from app.runtime import Runtime

_find_owners = text("SELECT phone_number_id, sender_id, tenant_id FROM find_senders_v1(CAST(:numbers AS text[]))")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose number it is."""

    tenant: UUID
    sender_id: UUID


async def find_owners(run: Runtime, numbers: Iterable[str]) -> dict[str, Owner]:
    """By phone_number_id; a number that is not registered here is absent. One of the few reads across tenants."""
    async with run.db.begin() as session:
        rows = (await session.execute(_find_owners, {"numbers": list(numbers)})).all()
    return {row.phone_number_id: Owner(row.tenant_id, row.sender_id) for row in rows}
