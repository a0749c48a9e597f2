"""Merkle trees as RFC 6962 (section 2.1) defines them, and where their inner hashes are kept.

A leaf is hashed with 0x00 before it, an inner node with 0x01, so neither can pass for the other. A tree of any size
is built level by level: two neighbours make a node, a last one without neighbour goes up as it is.

For trees that grow, `cover` says which complete subtrees a range consists of. A complete subtree is named by
(level, place): level 0 are the leaves, and (k, j) covers the leaves j·2^k … (j+1)·2^k - 1. Only levels that are
multiples of 8 need to be kept; `tiles_for` says which kept hashes give the others.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
TILE_LEVELS = 8
TILE_WIDTH = 1 << TILE_LEVELS

Node = tuple[int, int]  # level, place
Range = tuple[int, int]  # first leaf, leaf after the last


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees side by side."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes (or over the roots of complete subtrees of one size)."""
    level = list(leaves)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        level = _up(level)
    return level[0]


def path_of(leaves: Sequence[bytes], place: int) -> list[bytes]:
    """The proof that the leaf at `place` is in the tree: its siblings from below. Raises IndexError outside."""
    level = list(leaves)
    if not 0 <= place < len(level):
        raise IndexError(place)
    path = []
    while len(level) > 1:
        if place ^ 1 < len(level):
            path.append(level[place ^ 1])
        level, place = _up(level), place >> 1
    return path


def _up(level: list[bytes]) -> list[bytes]:
    paired = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return paired + level[-1:] if len(level) % 2 else paired


def follow(leaf: bytes, place: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """The root that a proof leads to, or None when it cannot be one for this place and size (RFC 9162, 2.1.3.2)."""
    if not 0 <= place < size:
        return None
    at, last, found = place, size - 1, leaf
    for sibling in path:
        if last == 0:
            return None
        if at % 2 or at == last:
            found = node_hash(sibling, found)
            while at and not at % 2:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    return found if last == 0 else None


def inclusion_ranges(place: int, size: int) -> list[Range]:
    """The subtrees whose roots prove the leaf at `place`, from below (RFC 6962, 2.1.1)."""
    ranges: list[Range] = []
    first, end = 0, size
    while end - first > 1:
        split = first + _largest_power_below(end - first)
        if place < split:
            ranges.append((split, end))
            end = split
        else:
            ranges.append((first, split))
            first = split
    return ranges[::-1]


def consistency_ranges(old: int, size: int) -> list[Range]:
    """The subtrees whose roots prove that a tree of `size` begins with the one of `old` leaves (RFC 6962, 2.1.2)."""
    if not 0 < old <= size:
        return []
    ranges: list[Range] = []
    first, end, whole = 0, size, True
    while old != end:
        split = first + _largest_power_below(end - first)
        if old <= split:
            ranges.append((split, end))
            end = split
        else:
            ranges.append((first, split))
            first, whole = split, False
    if not whole:
        ranges.append((first, end))
    return ranges[::-1]


def is_consistent(old: int, size: int, old_root: bytes, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the proof shows that the larger tree begins with the smaller one (RFC 9162, 2.1.4.2)."""
    if old == size:
        return old_root == root and not path
    if not 0 < old < size:
        return False
    hashes = list(path) if old & (old - 1) else [old_root, *path]
    if not hashes:
        return False
    at, last = old - 1, size - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return False
        if at % 2 or at == last:
            before, after = node_hash(sibling, before), node_hash(sibling, after)
            while at and not at % 2:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _largest_power_below(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)


def cover(first: int, end: int) -> list[Node]:
    """The complete subtrees that make up a range which begins where a subtree of its size may, largest first."""
    nodes = []
    while first < end:
        level = (end - first).bit_length() - 1
        nodes.append((level, first >> level))
        first += 1 << level
    return nodes


def tiles_for(nodes: Iterable[Node]) -> set[tuple[int, int, int]]:
    """Which kept hashes give these nodes: (kept level, first place, place after the last)."""
    wanted = set()
    for level, place in nodes:
        kept = level // TILE_LEVELS * TILE_LEVELS
        wanted.add((kept, place << (level - kept), (place + 1) << (level - kept)))
    return wanted


def join(ranges: Iterable[Range], tiles: Mapping[Node, bytes]) -> list[bytes]:
    """The root of each range, out of the kept hashes that `tiles_for` its cover named. Raises KeyError."""
    return [_fold([_from_tiles(node, tiles) for node in cover(*wanted)]) for wanted in ranges]


def _from_tiles(node: Node, tiles: Mapping[Node, bytes]) -> bytes:
    level, place = node
    kept = level // TILE_LEVELS * TILE_LEVELS
    shift = level - kept
    return root_of([tiles[kept, at] for at in range(place << shift, (place + 1) << shift)])


def _fold(subtrees: Sequence[bytes]) -> bytes:
    if not subtrees:
        return EMPTY_ROOT
    return reduce(lambda right, left: node_hash(left, right), reversed(subtrees[:-1]), subtrees[-1])


@dataclass(slots=True)
class Growing:
    """A tree that only grows, in the memory of its complete subtrees: one hash per bit of its size."""

    size: int = 0
    _peaks: list[bytes] = field(default_factory=list)

    def add(self, leaf: bytes) -> None:
        """One more leaf hash."""
        rest = self.size
        while rest % 2:
            leaf = node_hash(self._peaks.pop(), leaf)
            rest >>= 1
        self._peaks.append(leaf)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The root over everything so far."""
        return _fold(self._peaks)
