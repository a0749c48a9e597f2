"""Seal what was written: give it its place in the chain. One sealer per tenant at a time, a page per transaction."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row, text

from app.evidence.chain import BEGINNING, decisions_content, link_up
from app.evidence.checkpoint import checkpoint_when_due
from app.evidence.contents import in_utc, read_contents, read_decisions
from app.evidence.signer import publish, signer_of
from app.evidence.tree import keep_complete
from app.kit import canonical
from app.kit.db import Session
from app.kit.ids import new_id
from app.kit.merkle import HASH_BYTES, leaf_hash, root_of
from app.kit.sql import sql_beside
from app.runtime import Runtime

log = structlog.get_logger()

_take = sql_beside(__file__, "take")
_link = sql_beside(__file__)
_write_roots = sql_beside(__file__, "roots")
_lock = text(
    "SELECT pg_try_advisory_xact_lock(hashtextextended('toplu.seal|' || CAST(CAST(:tenant AS uuid) AS text), 0))"
    " AS mine,"
    " EXISTS (SELECT FROM signing_keys WHERE tenant_id = :tenant AND vouched_by = :key AND key = :key) AS published"
)
_last = text("SELECT seq, hash FROM chain_links WHERE tenant_id = :tenant ORDER BY seq DESC LIMIT 1")
_done = text("DELETE FROM seal_queue WHERE tenant_id = :tenant AND id = ANY (CAST(:ids AS uuid[]))")

PAGE = 5_000  # things per transaction, about; a queue row is never split and holds 5,000 at most
TREE = 1_024  # decisions per tree: a proof is 10 hashes
HOLD_S = 5.0  # how long decisions wait for others of their batch
IN_A_THREAD = 500  # from this many on, hashing must not hold up the loop that also posts messages


@dataclass(frozen=True, slots=True)
class Tree:
    """The decisions of one tree: message ids in order, and their leaf hashes."""

    id: UUID
    batch: UUID
    ids: list[UUID]
    leaves: list[bytes]

    def content(self, tenant: UUID) -> dict[str, Any]:
        """What is linked of it."""
        first, last = self.ids[0], self.ids[-1]
        root = root_of(self.leaves)
        return decisions_content(
            id_=self.id, tenant=tenant, batch=self.batch, first=first, last=last, size=len(self.ids), root=root
        )


Entry = tuple[str, UUID, bytes]  # source, id, canonical content


async def seal_page(run: Runtime, tenant: UUID) -> int:
    """Seal one page and say how many links it made; 0 when nothing waits, or somebody else seals this tenant."""
    async with run.db.begin(tenant) as session:
        signer = signer_of(run, tenant)
        state = (await session.execute(_lock, {"tenant": tenant, "key": signer.verifier.text})).one()
        if not state.mine:
            return 0
        if not state.published:
            await publish(session, tenant, signer)
        await in_utc(session)
        limits = {"page": PAGE, "tree": TREE, "hold_s": HOLD_S}
        taken = (await session.execute(_take, {"tenant": tenant, **limits})).all()
        if not taken:
            return 0
        entries = await _read_ledgers(session, tenant, taken)
        entries += await _plant_trees(session, tenant, taken)
        await _append(session, tenant, entries)
        owed = [row.id for row in taken if row.source == "checkpoint"]
        kept = await checkpoint_when_due(run, session, tenant, owed_already=bool(owed))
        gone = [row.id for row in taken if kept or row.source != "checkpoint"]
        await session.execute(_done, {"tenant": tenant, "ids": gone})
    return len(entries)


async def _read_ledgers(session: Session, tenant: UUID, taken: Iterable[Row[Any]]) -> list[Entry]:
    """The lines and acts of these queue rows, in the order of the rows."""
    by_source: dict[str, list[UUID]] = {"consent": [], "audit": []}
    for row in taken:
        if row.source in by_source:
            by_source[row.source] += row.ids
    contents = {source: await read_contents(session, tenant, source, ids) for source, ids in by_source.items()}
    entries: list[Entry] = []
    for row in taken:
        if row.source in by_source:
            found = contents[row.source]
            entries += [(row.source, id_, found[id_]) for id_ in row.ids if id_ in found]
            if missing := sum(id_ not in found for id_ in row.ids):
                log.error("evidence.missing", tenant_id=str(tenant), source=row.source, n=missing)
    return entries


async def _plant_trees(session: Session, tenant: UUID, taken: Iterable[Row[Any]]) -> list[Entry]:
    """Make and keep the trees of these queue rows' decisions. Rows of a stream that was cut are gone and left out."""
    by_batch: dict[UUID, list[UUID]] = {}
    for row in taken:
        if row.source == "decision":
            by_batch.setdefault(row.batch_id, []).extend(row.ids)
    trees: list[Tree] = []
    for batch, ids in by_batch.items():
        decided = list((await read_decisions(session, tenant, ids)).items())
        for at in range(0, len(decided), TREE):
            part = decided[at : at + TREE]
            leaves = [leaf_hash(content) for _, content in part]
            trees.append(Tree(new_id(), batch, [id_ for id_, _ in part], leaves))
    if trees:
        await session.execute(_write_roots, _columns(tenant, trees))
    return [("decisions", tree.id, canonical.write(tree.content(tenant))) for tree in trees]


def _columns(tenant: UUID, trees: Sequence[Tree]) -> dict[str, Any]:
    leaves = [b"".join(tree.leaves) for tree in trees]
    assert all(len(joined) == HASH_BYTES * len(tree.ids) for joined, tree in zip(leaves, trees, strict=True))
    return {
        "tenant": tenant,
        "ids": [tree.id for tree in trees],
        "batches": [tree.batch for tree in trees],
        "firsts": [tree.ids[0] for tree in trees],
        "lasts": [tree.ids[-1] for tree in trees],
        "sizes": [len(tree.ids) for tree in trees],
        "roots": [root_of(tree.leaves) for tree in trees],
        "leaves": leaves,
        "members": canonical.write([[str(id_) for id_ in tree.ids] for tree in trees]).decode(),
    }


async def _append(session: Session, tenant: UUID, entries: Sequence[Entry]) -> None:
    if not entries:
        return
    last = (await session.execute(_last, {"tenant": tenant})).one_or_none()
    after, before = (0, BEGINNING) if last is None else (last.seq, last.hash)

    def hash_all() -> tuple[list[bytes], list[bytes]]:
        digests = [sha256(content).digest() for _, _, content in entries]
        return digests, list(link_up(after, before, digests))

    digests, hashes = await asyncio.to_thread(hash_all) if len(entries) > IN_A_THREAD else hash_all()
    named = {
        "tenant": tenant,
        "after": after,
        "sources": [source for source, _, _ in entries],
        "ids": [id_ for _, id_, _ in entries],
        "digests": digests,
        "hashes": hashes,
    }
    await session.execute(_link, named)
    await keep_complete(session, tenant, after, hashes)
