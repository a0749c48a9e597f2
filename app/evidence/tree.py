"""The Merkle tree over a tenant's links: keep what is complete, and prove with at most a few hundred kept hashes."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Session
from app.kit.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    TILE_LEVELS,
    TILE_WIDTH,
    Node,
    Range,
    consistency_ranges,
    cover,
    inclusion_ranges,
    join,
    leaf_hash,
    root_of,
    tiles_for,
)
from app.kit.sql import sql_beside

_tiles = sql_beside(__file__)
_keep = text(
    "INSERT INTO chain_nodes (tenant_id, level, place, hash) SELECT :tenant, :level, g.place, g.hash"
    " FROM unnest(CAST(:places AS bigint[]), CAST(:hashes AS bytea[])) AS g (place, hash)"
)

TOP_LEVEL = 32  # more links than anybody has


async def root_at(session: Session, tenant: UUID, size: int) -> bytes:
    """The root over the first `size` links."""
    if size == 0:
        return EMPTY_ROOT
    (root,) = await _join(session, tenant, [(0, size)])
    return root


async def prove_inclusion(session: Session, tenant: UUID, seq: int, size: int) -> list[bytes]:
    """That link `seq` is among the first `size`."""
    return await _join(session, tenant, inclusion_ranges(seq - 1, size))


async def prove_all(session: Session, tenant: UUID, seqs: Sequence[int], size: int) -> list[list[bytes]]:
    """The same for several links, with one question to the database."""
    each = [inclusion_ranges(seq - 1, size) for seq in seqs]
    hashes = iter(await _join(session, tenant, [one for ranges in each for one in ranges]))
    return [[next(hashes) for _ in ranges] for ranges in each]


async def prove_consistency(session: Session, tenant: UUID, old: int, size: int) -> list[bytes]:
    """That the tree of `size` links begins with the one of `old`."""
    return await _join(session, tenant, consistency_ranges(old, size))


async def _join(session: Session, tenant: UUID, ranges: Sequence[Range]) -> list[bytes]:
    tiles = await _read(session, tenant, tiles_for(node for wanted in ranges for node in cover(*wanted)))
    return join(ranges, tiles)


async def _read(session: Session, tenant: UUID, wanted: Iterable[tuple[int, int, int]]) -> dict[Node, bytes]:
    parts = sorted(wanted)
    named = {
        "tenant": tenant,
        "levels": [part[0] for part in parts],
        "firsts": [part[1] for part in parts],
        "ends": [part[2] for part in parts],
    }
    tiles: dict[Node, bytes] = {}
    for row in await session.execute(_tiles, named):
        for at in range(0, len(row.hashes or b""), HASH_BYTES):
            hash_ = row.hashes[at : at + HASH_BYTES]
            tiles[row.level, row.first + at // HASH_BYTES] = hash_ if row.level else leaf_hash(hash_)
    return tiles


async def keep_complete(session: Session, tenant: UUID, old: int, hashes: Sequence[bytes]) -> None:
    """Keep the inner hashes that the links behind `old` complete. The links themselves are written already."""
    size = old + len(hashes)
    for level in range(TILE_LEVELS, TOP_LEVEL, TILE_LEVELS):
        first, end = old >> level, size >> level
        if first == end:
            return  # nothing complete here, so nothing above
        below = level - TILE_LEVELS
        children = await _read(session, tenant, {(below, first * TILE_WIDTH, end * TILE_WIDTH)})
        complete = [
            root_of([children[below, place * TILE_WIDTH + at] for at in range(TILE_WIDTH)])
            for place in range(first, end)
        ]
        named = {"tenant": tenant, "level": level, "places": list(range(first, end)), "hashes": complete}
        await session.execute(_keep, named)
