"""Learn that a number and a user id are one person's: WhatsApp has told them together."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import text

from app.consents.link import link
from app.consents.note_identity import Source
from app.consents.who import Named
from app.inbound.sort import Alias
from app.kit.clock import utc_now
from app.people.seal import alias_hash
from app.runtime import Runtime, TenantKeys
from app.tenants.keys import get_tenant_keys

# Shorter than the pool's own: who records consents meanwhile is waited for, and met again on the next turn.
_patience = text("SET LOCAL lock_timeout = '1s'")


async def learn(run: Runtime, tenant: UUID, names: Iterable[tuple[Alias, ...]]) -> None:
    """Link the names of each person that we know by one of them. People whom nobody knows stay unknown.

    A transaction of its own, after everything else: two people who become one wait for whoever records consents at the
    moment, and neither a STOP nor a status waits for that.
    """
    async with run.db.begin(tenant) as session:
        await session.execute(_patience)
        keys = await get_tenant_keys(run, session, tenant)
        groups = [_named(keys, group) for group in sorted(names)]
        await link(session, tenant, keys, groups, Source("platform", "whatsapp", "told_together", utc_now()))


def _named(keys: TenantKeys, group: Iterable[Alias]) -> list[Named]:
    return [Named(alias_hash(keys, kind, value), kind, value) for kind, value in group]
