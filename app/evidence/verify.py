"""Examine a tenant's chain where it lives: recompute everything from the rows it is about."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from app.evidence import queries
from app.evidence.chain import origin_of
from app.evidence.contents import in_utc, read_decisions
from app.evidence.examine import Examination, Flaw, Flawed
from app.evidence.export import contents_of
from app.kit.clock import utc_now
from app.kit.ids import encode
from app.kit.merkle import HASH_BYTES, leaf_hash, root_of
from app.kit.notes import Checkpoint, Verifier
from app.runtime import Runtime

PAGE = 5_000
LATE = timedelta(hours=1)  # what is older than this and in no link was kept out of the chain


@dataclass(frozen=True, slots=True)
class Verified:
    """A chain that holds: its examination, the decisions recomputed, what waits to be sealed.

    `destroyed`: what is gone because its time was over, by the run (`dst_…`) that destroyed it.
    """

    exam: Examination
    decisions: int
    waiting: int
    destroyed: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Page:
    links: Sequence[Row[Any]]
    contents: dict[UUID, bytes]
    signed: dict[int, str]
    trees: Sequence[Row[Any]]
    decided: dict[UUID, bytes]
    destroyed: dict[UUID, queries.Destruction]


async def verify_chain(
    run: Runtime, tenant: UUID, keys: Sequence[Verifier], kept: Sequence[Checkpoint] = ()
) -> Verified:
    """Examine every link, every decision under it and every checkpoint. Raises Flawed.

    A page is hashed in a thread of its own while the database reads the next one.
    """
    exam = Examination(origin_of(tenant), keys, kept)
    decisions, destroyed = 0, Counter[str]()
    reading = asyncio.ensure_future(_read(run, tenant, 0))
    try:
        while (page := await reading).links:
            reading = asyncio.ensure_future(_read(run, tenant, page.links[-1].seq))
            await asyncio.to_thread(_examine, exam, page)
            decisions += await asyncio.to_thread(_recompute, page)
            destroyed.update(encode("dst", one.run) for one in page.destroyed.values())
    finally:
        reading.cancel()  # what was found meanwhile is enough
        await asyncio.gather(reading, return_exceptions=True)
    async with run.db.begin(tenant) as session:
        newest = await queries.find_newest_checkpoint(session, tenant)
        waiting = await queries.count_waiting(session, tenant)
        unsealed = await queries.count_unsealed(session, tenant, utc_now() - LATE)
    if newest is not None and newest.size > exam.seen:
        raise Flawed(Flaw.TRUNCATED, f"a checkpoint knows {newest.size} links, and there are {exam.seen}")
    if unsealed.written > waiting.written or unsealed.decided > waiting.decided:
        raise Flawed(Flaw.UNSEALED, "something that was written long ago is in no link, and does not wait to be")
    exam.end()
    return Verified(exam, decisions, waiting.written + waiting.decided, destroyed)


async def _read(run: Runtime, tenant: UUID, after: int) -> _Page:
    """The links behind one, with everything they are about as it stands, and what is known to be gone."""
    async with run.db.begin(tenant) as session:
        await in_utc(session)
        links = await queries.list_links(session, tenant, after=after, size=PAGE)
        if not links:
            return _Page((), {}, {}, (), {}, {})
        signed = await queries.list_checkpoints_between(session, tenant, links[0].seq, links[-1].seq)
        contents = await contents_of(session, tenant, links)
        planted = [link.source_id for link in links if link.source == "decisions"]
        trees = await queries.list_trees(session, tenant, planted) if planted else []
        ids = [id_ for tree in trees for id_ in tree.ids]
        decided = dict(await read_decisions(session, tenant, ids)) if ids else {}
        gone = [link.source_id for link in links if link.source_id not in contents]
        gone += [id_ for id_ in ids if id_ not in decided]
        destroyed = await queries.find_destroyed(session, tenant, gone)
    return _Page(links, contents, {row.size: row.note for row in signed}, trees, decided, destroyed)


def _examine(exam: Examination, page: _Page) -> None:
    """Every link of a page, and the checkpoints behind them. Raises Flawed."""
    for link in page.links:
        content = page.contents.get(link.source_id)
        if content is None and link.source_id in page.destroyed:
            exam.gap(link.seq, link.digest, link.hash)
        else:
            exam.link(link.seq, link.digest, link.hash, None if content is None else sha256(content).digest())
        if link.seq in page.signed:
            exam.checkpoint(page.signed[link.seq])


def _recompute(page: _Page) -> int:
    """Compute the roots of a page's trees anew, from the decisions as they stand. Raises Flawed."""
    seqs = {link.source_id: link.seq for link in page.links}
    count = 0
    for tree in page.trees:
        leaves = []
        for place, id_ in enumerate(tree.ids):
            content = page.decided.get(id_)
            if content is not None:
                leaves.append(leaf_hash(content))
                count += 1
            elif id_ in page.destroyed:
                leaves.append(tree.leaves[place * HASH_BYTES : (place + 1) * HASH_BYTES])
            else:
                raise Flawed(Flaw.MISSING, f"a decision under link {seqs[tree.id]} is gone")
        if root_of(leaves) != tree.root:
            raise Flawed(Flaw.EDITED, f"a decision under link {seqs[tree.id]} is not the one that was sealed")
    return count
