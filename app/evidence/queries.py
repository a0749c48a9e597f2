"""Reads of this room. Tenant first, always."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.kit.db import Session

_CHECKPOINT = (
    "SELECT c.id, c.size, c.root, c.note, c.key, coalesce(s.stamp, c.stamp) AS stamp, c.at"
    " FROM checkpoints AS c LEFT JOIN checkpoint_stamps AS s ON s.checkpoint_id = c.id WHERE c.tenant_id = :tenant"
)
_checkpoints = text(
    _CHECKPOINT + " AND (CAST(:after AS uuid) IS NULL OR id < CAST(:after AS uuid)) ORDER BY id DESC LIMIT :size"
)
_checkpoint = text(_CHECKPOINT + " AND id = :checkpoint")
_newest = text(_CHECKPOINT + " ORDER BY size DESC LIMIT 1")
_checkpoints_from = text(_CHECKPOINT + " AND size >= :first AND size <= :last ORDER BY size")
_links = text(
    "SELECT seq, source, source_id, digest, hash, sealed_at FROM chain_links"
    " WHERE tenant_id = :tenant AND seq > :after ORDER BY seq LIMIT :size"
)
_waiting = text(
    "SELECT coalesce(sum(q.n) FILTER (WHERE q.batch_id IS NULL), 0)::bigint AS written,"
    " coalesce(sum(q.n) FILTER (WHERE q.batch_id IS NOT NULL), 0)::bigint AS decided"
    " FROM seal_queue AS q LEFT JOIN batch_ends_v1 AS b ON b.tenant_id = q.tenant_id AND b.id = q.batch_id"
    " WHERE q.tenant_id = :tenant AND (q.batch_id IS NULL OR b.begun)"
)
_unsealed = text(
    "SELECT (SELECT count(*) FROM consent_contents_v1 AS e WHERE e.tenant_id = :tenant AND e.id < id_floor(:before)"
    " AND NOT EXISTS (SELECT FROM chain_links AS l WHERE l.tenant_id = :tenant AND l.source_id = e.id))"
    " + (SELECT count(*) FROM audit_contents_v1 AS e WHERE e.tenant_id = :tenant AND e.id < id_floor(:before)"
    " AND NOT EXISTS (SELECT FROM chain_links AS l WHERE l.tenant_id = :tenant AND l.source_id = e.id)) AS written,"
    " (SELECT count(*) FROM decided_v1 AS d JOIN batch_ends_v1 AS b ON b.tenant_id = :tenant AND b.id = d.batch_id"
    " WHERE d.tenant_id = :tenant AND b.begun AND d.decided_at < :before)"
    " + (SELECT coalesce(sum(cardinality(ids)), 0) FROM destroyed_rows"
    " WHERE tenant_id = :tenant AND data_class = 'message_records')"
    " - (SELECT coalesce(sum(size), 0) FROM decision_roots WHERE tenant_id = :tenant) AS decided"
)
# Only lists count whose digest stands in an act that is in the chain, or waits for its link.
_destroyed = text(
    """
WITH lists AS MATERIALIZED (
    SELECT d.act_id, d.run_id, d.ids
      FROM destroyed_rows AS d JOIN audit_contents_v1 AS a ON a.tenant_id = d.tenant_id AND a.id = d.act_id
     WHERE d.tenant_id = :tenant AND d.last_id >= CAST(:first AS uuid) AND d.first_id <= CAST(:last AS uuid)
       AND a.content ->> 'action' = 'records.destroyed'
       AND a.content -> 'detail' ->> 'sha256' = encode(list_digest(d.ids), 'hex')
       AND (EXISTS (SELECT FROM chain_links AS l WHERE l.tenant_id = :tenant AND l.source_id = d.act_id)
            OR EXISTS (SELECT FROM seal_queue AS q WHERE q.tenant_id = :tenant AND d.act_id = ANY (q.ids)))
)
SELECT u.id, l.run_id, l.act_id FROM lists AS l CROSS JOIN LATERAL unnest(l.ids) AS u (id)
 WHERE u.id = ANY (CAST(:ids AS uuid[]))
"""
)
_tree_ids = text(
    "SELECT id, root, ids, leaves FROM decision_roots WHERE tenant_id = :tenant AND id = ANY (CAST(:ids AS uuid[]))"
)


async def list_checkpoints(session: Session, tenant: UUID, *, after: UUID | None, size: int) -> list[Row[Any]]:
    """Checkpoints, newest first."""
    return list(await session.execute(_checkpoints, {"tenant": tenant, "after": after, "size": size}))


async def find_checkpoint(session: Session, tenant: UUID, checkpoint: UUID) -> Row[Any] | None:
    """One checkpoint."""
    return (await session.execute(_checkpoint, {"tenant": tenant, "checkpoint": checkpoint})).one_or_none()


async def find_newest_checkpoint(session: Session, tenant: UUID) -> Row[Any] | None:
    """The longest checkpoint."""
    return (await session.execute(_newest, {"tenant": tenant})).one_or_none()


async def list_checkpoints_between(session: Session, tenant: UUID, first: int, last: int) -> list[Row[Any]]:
    """The checkpoints of these sizes, shortest first."""
    return list(await session.execute(_checkpoints_from, {"tenant": tenant, "first": first, "last": last}))


async def list_links(session: Session, tenant: UUID, *, after: int, size: int) -> list[Row[Any]]:
    """Links behind `after`, in order."""
    return list(await session.execute(_links, {"tenant": tenant, "after": after, "size": size}))


async def list_trees(session: Session, tenant: UUID, ids: Sequence[UUID]) -> list[Row[Any]]:
    """Trees with the messages they are about."""
    return list(await session.execute(_tree_ids, {"tenant": tenant, "ids": list(ids)}))


@dataclass(frozen=True, slots=True)
class Destruction:
    """What made a gap: the run (`dst_…`), and the act in the chain that names everything it took."""

    run: UUID
    act: UUID


async def find_destroyed(session: Session, tenant: UUID, ids: Sequence[UUID]) -> dict[UUID, Destruction]:
    """Which of these are gone because their time was over. What nobody destroyed by rule is absent."""
    if not ids:
        return {}
    asked = {"tenant": tenant, "ids": list(ids), "first": min(ids), "last": max(ids)}
    return {row.id: Destruction(row.run_id, row.act_id) for row in await session.execute(_destroyed, asked)}


async def count_waiting(session: Session, tenant: UUID) -> Row[Any]:
    """How many lines and acts (`written`) and decisions (`decided`) wait to be sealed."""
    return (await session.execute(_waiting, {"tenant": tenant})).one()


async def count_unsealed(session: Session, tenant: UUID, before: datetime) -> Row[Any]:
    """How many lines and acts (`written`) and decisions (`decided`) from before that moment are in no link.

    Of decisions it is a difference of counts: below 0 when newer ones are sealed already.
    """
    return (await session.execute(_unsealed, {"tenant": tenant, "before": before})).one()
