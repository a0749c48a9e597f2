"""Claim a page of one batch: within what binds it in time, within its account's day, past rows that are at fault."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError

from app.dispatch.flow.lease import Page, TimeLevel, lease
from app.dispatch.held import Hold
from app.dispatch.quarantine import is_poison, quarantine
from app.dispatch.queries import DueBatch
from app.kit.db import Session
from app.kit.ids import encode
from app.purposes.contact import read_rules
from app.runtime import Runtime
from app.senders.budget import Budget, hold_budget

log = structlog.get_logger()


async def claim(run: Runtime, hold: Hold, batch: DueBatch, *, size: int, portfolio: str | None) -> Page:
    """Up to `size` messages of the batch for whoever holds its line. `portfolio`: whose people count; None: nobody's.

    When the database refuses the page, the rows at fault fail and the others go on. If none is, nothing is seen of this
    batch, and the line goes on with the next one.
    """

    async def only(session: Session, ids: Sequence[UUID]) -> Page:
        return await _lease(run, session, hold, batch, size=len(ids), portfolio=portfolio, only=ids)

    try:
        async with run.db.begin(hold.tenant) as session:
            return await _lease(run, session, hold, batch, size=size, portfolio=portfolio)
    except DBAPIError as error:
        if not is_poison(error):
            raise
        failed = await quarantine(run.db, hold.tenant, batch.id, size=size, claim=only)
        if not failed:
            log.error("dispatch.page_refused", batch_id=encode("bat", batch.id), error=type(error.orig).__name__)
        return Page(failed, [])


async def _lease(
    run: Runtime,
    session: Session,
    hold: Hold,
    batch: DueBatch,
    *,
    size: int,
    portfolio: str | None,
    only: Sequence[UUID] | None = None,
) -> Page:
    return await lease(
        session,
        hold,
        batch.id,
        size=size,
        lease_s=run.settings.sending_lease_s,
        expires_at=batch.expires_at,
        time_level=await _time_level(run, session, hold.tenant, batch),
        only=only,
        budget=await _budget(session, hold.tenant, batch, portfolio),
        marketing=batch.lane == "marketing",
    )


async def _time_level(run: Runtime, session: Session, tenant: UUID, batch: DueBatch) -> TimeLevel | None:
    """What binds this batch in time; read anew for each page, so that a rule that was tightened holds at once."""
    if not batch.quiet_hours and not batch.frequency_cap:
        return None
    rules = await read_rules(session, tenant, run.settings)
    return TimeLevel(rules.now, rules.in_force.binding(quiet=batch.quiet_hours, capped=batch.frequency_cap))


async def _budget(session: Session, tenant: UUID, batch: DueBatch, portfolio: str | None) -> Budget | None:
    if portfolio is None:
        return None
    return await hold_budget(session, tenant, portfolio, marketing=batch.lane == "marketing")
