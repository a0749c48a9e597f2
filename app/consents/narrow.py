"""Narrow a person's own STOP: they agreed to one purpose since, so it goes on for all the others."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.consents.models import suppressions
from app.consents.suppress import MARKETING, lift, suppress
from app.kit.db import Session
from app.purposes.queries import list_purposes


async def narrow(session: Session, tenant: UUID, person: UUID, purpose: str, *, at: datetime, method: str) -> None:
    """Take one marketing purpose (a key) out of what the person stopped, by their own later act at `at`.

    A stop of all marketing becomes a stop of every other marketing purpose; one of this purpose is lifted. What is
    newer than the act, what the tenant, WhatsApp or a review raised, a stop of everything, and an objection stay.
    """
    others = {one.key for one in await list_purposes(session) if one.class_ == "marketing"}
    if purpose not in others:
        return
    others.discard(purpose)
    raised = suppressions.c
    found = await session.execute(
        select(raised.scope).where(
            raised.tenant_id == tenant,
            raised.person_id == person,
            raised.raised_by == "person",
            raised.kind == "suppression",
            raised.act == "raised",
            raised.acted_at < at,
            raised.scope.in_((MARKETING, purpose)),
        )
    )
    scopes = set(found.scalars())
    if MARKETING in scopes:
        for other in sorted(others):
            await suppress(
                session,
                tenant,
                [person],
                other,
                raised_by="person",
                channel="whatsapp",
                occurred_at=at,
                method=method,
            )
    for scope in sorted(scopes):
        await lift(
            session,
            tenant,
            [person],
            scope,
            lifted_by="person",
            channel="whatsapp",
            occurred_at=at,
            method=method,
        )
