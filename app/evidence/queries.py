"""Reads of this room. Tenant first, always."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text

from app.kit.db import Session

_CHECKPOINT = "SELECT id, size, root, note, key, stamp, at FROM checkpoints WHERE tenant_id = :tenant"
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
_links_of = text(
    "SELECT l.seq, l.source, l.source_id, l.digest, l.hash, l.sealed_at, b.hash AS before"
    " FROM chain_links AS l LEFT JOIN chain_links AS b ON b.tenant_id = l.tenant_id AND b.seq = l.seq - 1"
    " WHERE l.tenant_id = :tenant AND l.source_id = ANY (CAST(:sources AS uuid[])) ORDER BY l.seq"
)
_decision = text(
    "SELECT id, batch_id, purpose_id, purpose_version, consent_event_id, approval_event_id, basis_event_id,"
    " suppression_event_id, notice_version_id, CAST(content AS text) AS content FROM decisions_v1"
    " WHERE tenant_id = :tenant AND id = :message"
)
_tree = text(
    "SELECT id, batch_id, first_id, last_id, size, root, leaves,"
    " array_position(ids, CAST(:message AS uuid)) - 1 AS place FROM decision_roots"
    " WHERE tenant_id = :tenant AND batch_id = :batch AND last_id >= :message AND first_id <= :message"
    " AND CAST(:message AS uuid) = ANY (ids)"
)
_events = text(
    "SELECT id, person_id, CAST(content AS text) AS content FROM consent_contents_v1"
    " WHERE tenant_id = :tenant AND id = ANY (CAST(:ids AS uuid[])) ORDER BY id"
)
_notice = text(
    "SELECT id, name, version, language, title, sha256, published_at FROM notice_texts_v1"
    " WHERE tenant_id = :tenant AND id = :notice"
)
_purpose = text("SELECT content FROM purpose_versions_v1 WHERE purpose_id = :purpose AND version = :version")
_name = text("SELECT name FROM tenant_names_v1 WHERE tenant_id = :tenant")
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
    " - (SELECT coalesce(sum(size), 0) FROM decision_roots WHERE tenant_id = :tenant) AS decided"
)
_tree_ids = text(
    "SELECT id, root, ids FROM decision_roots WHERE tenant_id = :tenant AND id = ANY (CAST(:ids AS uuid[]))"
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


async def find_links_of(session: Session, tenant: UUID, sources: Sequence[UUID]) -> list[Row[Any]]:
    """The links about these things, in order, each with the hash of the link before (None at the beginning)."""
    return list(await session.execute(_links_of, {"tenant": tenant, "sources": list(sources)}))


async def find_decision(session: Session, tenant: UUID, message: UUID) -> Row[Any] | None:
    """The decision about a message; None while there is none."""
    return (await session.execute(_decision, {"tenant": tenant, "message": message})).one_or_none()


async def find_tree(session: Session, tenant: UUID, batch: UUID, message: UUID) -> Row[Any] | None:
    """The tree that holds the decision about a message, and its place in there."""
    return (await session.execute(_tree, {"tenant": tenant, "batch": batch, "message": message})).one_or_none()


async def list_trees(session: Session, tenant: UUID, ids: Sequence[UUID]) -> list[Row[Any]]:
    """Trees with the messages they are about."""
    return list(await session.execute(_tree_ids, {"tenant": tenant, "ids": list(ids)}))


async def list_events(session: Session, tenant: UUID, ids: Sequence[UUID]) -> list[Row[Any]]:
    """Lines of the consent ledger as they are sealed."""
    return list(await session.execute(_events, {"tenant": tenant, "ids": list(ids)}))


async def find_notice(session: Session, tenant: UUID, notice: UUID) -> Row[Any] | None:
    """One notice version without its body."""
    return (await session.execute(_notice, {"tenant": tenant, "notice": notice})).one_or_none()


async def find_purpose_version(session: Session, purpose: int, version: int) -> dict[str, Any] | None:
    """A purpose as it was in that version."""
    found: dict[str, Any] | None = await session.scalar(_purpose, {"purpose": purpose, "version": version})
    return found


async def find_tenant_name(session: Session, tenant: UUID) -> str:
    """What the tenant is called; empty when it is not there."""
    return await session.scalar(_name, {"tenant": tenant}) or ""


async def count_waiting(session: Session, tenant: UUID) -> Row[Any]:
    """How many lines and acts (`written`) and decisions (`decided`) wait to be sealed."""
    return (await session.execute(_waiting, {"tenant": tenant})).one()


async def count_unsealed(session: Session, tenant: UUID, before: datetime) -> Row[Any]:
    """How many lines and acts (`written`) and decisions (`decided`) from before that moment are in no link.

    Of decisions it is a difference of counts: below 0 when newer ones are sealed already.
    """
    return (await session.execute(_unsealed, {"tenant": tenant, "before": before})).one()
