"""Sign how long the chain is and what its root is."""

from uuid import UUID

from sqlalchemy import insert, text

from app.evidence.models import checkpoints
from app.evidence.signer import signer_of
from app.evidence.tree import root_at
from app.kit.clock import utc_now
from app.kit.db import Session
from app.kit.ids import new_id
from app.kit.notes import Checkpoint
from app.runtime import Runtime

EVERY_S = 10.0  # at most one in this time, and only when something new was sealed

_state = text(
    "SELECT (SELECT max(l.seq) FROM chain_links AS l WHERE l.tenant_id = :tenant) AS size, c.size AS signed,"
    " coalesce(c.at > clock_timestamp() - make_interval(secs => :every_s), false) AS recent"
    " FROM (SELECT 1) AS one LEFT JOIN LATERAL (SELECT size, at FROM checkpoints WHERE tenant_id = :tenant"
    " ORDER BY size DESC LIMIT 1) AS c ON true"
)
_owe = text("INSERT INTO seal_queue (tenant_id, source, ids, n) VALUES (:tenant, 'checkpoint', '{}', 0)")


async def checkpoint_when_due(run: Runtime, session: Session, tenant: UUID, *, owed_already: bool) -> bool:
    """Write a checkpoint of the chain as it is, or leave word that one is owed. Whether none is owed any more."""
    state = (await session.execute(_state, {"tenant": tenant, "every_s": EVERY_S})).one()
    if not state.size or state.size == state.signed:
        return True
    if state.recent:
        if not owed_already:
            await session.execute(_owe, {"tenant": tenant})
        return False
    await _sign(run, session, tenant, state.size)
    return True


async def _sign(run: Runtime, session: Session, tenant: UUID, size: int) -> None:
    signer = signer_of(run, tenant)
    root = await root_at(session, tenant, size)
    moment = utc_now().replace(microsecond=0)
    said = Checkpoint(signer.name, size, root, (f"time {moment:%Y-%m-%dT%H:%M:%SZ}",))
    note = signer.sign_note(said.text)
    row = {
        "id": new_id(),
        "tenant_id": tenant,
        "size": size,
        "root": root,
        "note": note,
        "key": signer.verifier.text,
        "at": moment,
    }
    await session.execute(insert(checkpoints).values(row))
