"""The other half of a STOP: withdraw the consents and approvals for marketing."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, any_, func, literal, select, text, update

from app.consents.restrict import restrict
from app.consents.withdraw import withdraw
from app.inbound.hear import covered_by
from app.inbound.meet import Spoken, meet_speakers
from app.inbound.models import inbound_messages
from app.purposes.queries import list_purposes
from app.runtime import Runtime
from app.tenants.keys import get_tenant_keys

EPOCH = datetime.fromtimestamp(0, UTC)
# Shorter than the pool's own: an import that holds these rows is met again on the next turn.
_patience = text("SET LOCAL lock_timeout = '1s'")


async def withdraw_stopped(run: Runtime, tenant: UUID, stops: Sequence[Spoken]) -> None:
    """Withdraw for the people whose STOP was heard, once per STOP however often this is called.

    A transaction of its own, after the one that suppressed: a bulk import of consents may hold the states' rows for
    seconds, and the stop must not wait for them. When this fails the webhook gets another turn, and this runs again.
    """
    async with run.db.begin(tenant) as session:
        await session.execute(_patience)
        keys = await get_tenant_keys(run, session, tenant)
        met = {one.fingerprint: one for one in await meet_speakers(session, tenant, keys, stops)}
        said = inbound_messages.c
        these = (
            said.tenant_id == tenant,
            said.fingerprint == any_(literal(list(met), ARRAY(Uuid))),
            said.keyword.is_not(None),
            said.withdrawn_at.is_(None),
        )
        rows = await session.execute(
            select(said.fingerprint).where(*these).order_by(said.fingerprint).with_for_update()
        )
        still_open = rows.scalars().all()
        if not still_open:
            return
        stopped: defaultdict[str | None, dict[UUID, datetime]] = defaultdict(dict)
        for fingerprint in still_open:
            one = met[fingerprint]
            people = stopped[one.spoken.heard.scope]
            for person in one.people:  # who said it twice is taken at their last word
                people[person] = max(people.get(person, EPOCH), one.at)
        # All of them before the first: scope by scope, two of these would wait for each other.
        await restrict(session, tenant, (person for people in stopped.values() for person in people))
        purposes = await list_purposes(session)
        for scope, people in stopped.items():
            await withdraw(session, tenant, people, covered_by(scope, purposes), channel="whatsapp", method="keyword")
        await session.execute(update(inbound_messages).where(*these).values(withdrawn_at=func.clock_timestamp()))
