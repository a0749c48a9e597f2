"""Examine a tenant's chain where it lives: recompute everything from the rows it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
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
from app.kit.db import Session
from app.kit.merkle import leaf_hash, root_of
from app.kit.notes import Checkpoint, Verifier
from app.runtime import Runtime

PAGE = 5_000
LATE = timedelta(hours=1)  # what is older than this and in no link was kept out of the chain


@dataclass(frozen=True, slots=True)
class Verified:
    """A chain that holds: its examination, the decisions recomputed, and what waits to be sealed."""

    exam: Examination
    decisions: int
    waiting: int


async def verify_chain(
    run: Runtime, tenant: UUID, keys: Sequence[Verifier], kept: Sequence[Checkpoint] = ()
) -> Verified:
    """Examine every link, every decision under it and every checkpoint. Raises Flawed."""
    exam = Examination(origin_of(tenant), keys, kept)
    decisions = 0
    while True:
        async with run.db.begin(tenant) as session:
            await in_utc(session)
            links = await queries.list_links(session, tenant, after=exam.seen, size=PAGE)
            signed = await queries.list_checkpoints_between(session, tenant, exam.seen + 1, exam.seen + PAGE)
            contents = await contents_of(session, tenant, links)
            decisions += await _recompute(session, tenant, links)
        if not links:
            break
        _examine(exam, links, contents, {row.size: row.note for row in signed})
    async with run.db.begin(tenant) as session:
        newest = await queries.find_newest_checkpoint(session, tenant)
        waiting = await queries.count_waiting(session, tenant)
        unsealed = await queries.count_unsealed(session, tenant, utc_now() - LATE)
    if newest is not None and newest.size > exam.seen:
        raise Flawed(Flaw.TRUNCATED, f"a checkpoint knows {newest.size} links, and there are {exam.seen}")
    if unsealed.written > waiting.written or unsealed.decided > waiting.decided:
        raise Flawed(Flaw.UNSEALED, "something that was written long ago is in no link, and does not wait to be")
    exam.end()
    return Verified(exam, decisions, waiting.written + waiting.decided)


def _examine(exam: Examination, links: Sequence[Row[Any]], contents: dict[UUID, bytes], signed: dict[int, str]) -> None:
    for link in links:
        content = contents.get(link.source_id)
        found = None if content is None else sha256(content).digest()
        exam.link(link.seq, link.digest, link.hash, found)
        if link.seq in signed:
            exam.checkpoint(signed[link.seq])


async def _recompute(session: Session, tenant: UUID, links: Sequence[Row[Any]]) -> int:
    """Compute the roots of these links' trees anew, from the decisions as they stand. Raises Flawed."""
    trees = {link.source_id: link.seq for link in links if link.source == "decisions"}
    count = 0
    for tree in await queries.list_trees(session, tenant, list(trees)):
        decided = await read_decisions(session, tenant, tree.ids)
        if len(decided) != len(tree.ids):
            raise Flawed(Flaw.MISSING, f"a decision under link {trees[tree.id]} is gone")
        if root_of([leaf_hash(content) for content in decided.values()]) != tree.root:
            raise Flawed(Flaw.EDITED, f"a decision under link {trees[tree.id]} is not the one that was sealed")
        count += len(tree.ids)
    return count
