"""Follow people to their new number, or their new user id."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from app.consents.move import Moved, move
from app.consents.note_identity import Source
from app.consents.who import Named
from app.inbound.models import inbound_messages
from app.inbound.sort import Alias, Changed
from app.kit.clock import utc_now
from app.kit.crypto import keyed_hash
from app.people.seal import alias_hash
from app.runtime import Runtime, TenantKeys
from app.tenants.keys import get_tenant_keys

log = structlog.get_logger()

_patience = text("SET LOCAL lock_timeout = '1s'")


@dataclass(frozen=True, slots=True)
class Change:
    """What changed, and the number of ours it was told to."""

    sender_id: UUID
    changed: Changed


async def follow(run: Runtime, tenant: UUID, changes: Sequence[Change]) -> None:
    """Move each person once, however often it is told: later the old number may be somebody else's.

    A transaction each, in the order of the changes.
    """
    for one in sorted(changes, key=lambda one: one.changed.at):
        async with run.db.begin(tenant) as session:
            await session.execute(_patience)
            keys = await get_tenant_keys(run, session, tenant)
            changed, at = one.changed, min(one.changed.at, utc_now())
            noted = await session.execute(
                insert(inbound_messages)
                .values(
                    tenant_id=tenant,
                    fingerprint=keyed_hash(keys.lookup, b"inbound|" + changed.told.encode()),
                    sender_id=one.sender_id,
                    kind="system",
                    provider_at=changed.at,
                )
                .on_conflict_do_nothing()
            )
            if noted.rowcount == 0:
                continue
            moved = Moved(_named(keys, changed.old), _named(keys, changed.new))
            known = await move(session, tenant, keys, moved, Source("platform", "whatsapp", "number_changed", at))
            log.info("inbound.moved", tenant_id=str(tenant), sender_id=str(one.sender_id), known=known)


def _named(keys: TenantKeys, aliases: Sequence[Alias]) -> tuple[Named, ...]:
    return tuple(Named(alias_hash(keys, kind, value), kind, value) for kind, value in aliases)
