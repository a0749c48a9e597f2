"""Say what kind of party somebody is, with the line of the ledger that proves it."""

from typing import Literal
from uuid import UUID

from sqlalchemy import update

from app.kit.db import Session
from app.people.models import people

PartyType = Literal["natural", "legal"]


async def declare_party(session: Session, tenant: UUID, person: UUID, party_type: PartyType, proof: UUID) -> None:
    """`proof` is the event that carries the evidence; the caller holds the person."""
    await session.execute(
        update(people)
        .where(people.c.tenant_id == tenant, people.c.id == person)
        .values(party_type=party_type, party_event_id=proof)
    )
