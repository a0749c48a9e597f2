"""Read what links are about, as it is hashed. Times are told in UTC, so `in_utc` comes first in the transaction."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import text

from app.evidence.chain import decisions_content
from app.kit import canonical
from app.kit.db import Session

_utc = text("SELECT set_config('timezone', 'UTC', true), set_config('bytea_output', 'hex', true)")
_consents = text(
    "SELECT id, CAST(content AS text) AS content FROM consent_contents_v1"
    " WHERE tenant_id = :tenant AND id = ANY (CAST(:ids AS uuid[]))"
)
_audits = text(
    "SELECT id, CAST(content AS text) AS content FROM audit_contents_v1"
    " WHERE tenant_id = :tenant AND id = ANY (CAST(:ids AS uuid[]))"
)
_decisions = text(
    "SELECT id, CAST(content AS text) AS content FROM decisions_v1"
    " WHERE tenant_id = :tenant AND id = ANY (CAST(:ids AS uuid[])) ORDER BY id"
)
_roots = text(
    "SELECT id, batch_id, first_id, last_id, size, root FROM decision_roots"
    " WHERE tenant_id = :tenant AND id = ANY (CAST(:ids AS uuid[]))"
)
_SOURCES = {"consent": _consents, "audit": _audits}


async def in_utc(session: Session) -> None:
    """From here to the end of the transaction, times and bytes are written in one way."""
    await session.execute(_utc)


async def read_contents(session: Session, tenant: UUID, source: str, ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """The canonical contents of these ledger lines, acts or trees, by id; what is not there is absent."""
    if not ids:
        return {}
    asked = {"tenant": tenant, "ids": list(ids)}
    if source == "decisions":
        return {row.id: canonical.write(_of_root(tenant, row)) for row in await session.execute(_roots, asked)}
    return {row.id: canonical.rewrite(row.content) for row in await session.execute(_SOURCES[source], asked)}


async def read_decisions(session: Session, tenant: UUID, ids: Sequence[UUID]) -> Mapping[UUID, bytes]:
    """The canonical decisions about these messages, in the order of their ids; undecided ones are absent."""
    rows = await session.execute(_decisions, {"tenant": tenant, "ids": list(ids)})
    return {row.id: canonical.rewrite(row.content) for row in rows}


def _of_root(tenant: UUID, row: object) -> dict[str, object]:
    names = ("batch_id", "first_id", "last_id", "size", "root")
    batch, first, last, size, root = (getattr(row, name) for name in names)
    id_: UUID = row.id  # type: ignore[attr-defined]
    return decisions_content(id_=id_, tenant=tenant, batch=batch, first=first, last=last, size=size, root=root)
