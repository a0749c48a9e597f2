"""Merkle trees as RFC 6962 defines them, against its published vectors and against themselves."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.merkle import (
    EMPTY_ROOT,
    Growing,
    consistency_ranges,
    cover,
    follow,
    inclusion_ranges,
    is_consistent,
    join,
    leaf_hash,
    node_hash,
    path_of,
    root_of,
    tiles_for,
)

# The eight leaves of the test of the reference implementation (certificate-transparency, merkletree tests).
DATA = [bytes.fromhex(one) for one in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")]
DATA.append(bytes.fromhex("606162636465666768696a6b6c6d6e6f"))
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves_of(size: int) -> list[bytes]:
    return [leaf_hash(at.to_bytes(4, "big")) for at in range(size)]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_the_published_vectors(size: int) -> None:
    leaves = [leaf_hash(data) for data in DATA[:size]]

    root = root_of(leaves)

    assert ROOTS[size] == root.hex()


def test_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert hashlib.sha256(b"").digest() == EMPTY_ROOT == root_of([]) == Growing().root


def test_a_leaf_can_never_pass_for_a_node() -> None:
    left, right = leaves_of(2)

    assert node_hash(left, right) != leaf_hash(left + right)


@given(st.integers(1, 300), st.data())
def test_every_proof_leads_to_the_root_and_is_the_one_that_ranges_give(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    place = data.draw(st.integers(0, size - 1))

    path = path_of(leaves, place)

    assert root_of(leaves) == follow(leaves[place], place, size, path)
    assert [root_of(leaves[first:end]) for first, end in inclusion_ranges(place, size)] == path


@given(st.integers(1, 200), st.data())
def test_no_altered_proof_leads_to_the_root(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    place = data.draw(st.integers(0, size - 1))
    path, root = path_of(leaves, place), root_of(leaves)
    elsewhere = data.draw(st.integers(0, size).filter(lambda other: other != place))
    at = data.draw(st.integers(0, max(0, len(path) - 1)))

    altered = [
        follow(leaf_hash(b"another"), place, size, path),
        follow(leaves[place], elsewhere, size, path),
        follow(leaves[place], place, size, [*path, root]),
        follow(leaves[place], -1, size, path),
    ]
    if path:
        altered.append(follow(leaves[place], place, size, path[:-1]))
        altered.append(follow(leaves[place], place, size, [*path[:at], bytes(32), *path[at + 1 :]]))

    assert root not in altered


@given(st.integers(1, 200), st.data())
def test_a_longer_tree_is_proved_to_begin_with_a_shorter_one_and_with_no_other(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    old = data.draw(st.integers(1, size))
    before, after = root_of(leaves[:old]), root_of(leaves)

    path = [root_of(leaves[first:end]) for first, end in consistency_ranges(old, size)]

    assert is_consistent(old, size, before, after, path)
    assert not is_consistent(old, size, leaf_hash(b"another"), after, path)
    assert not is_consistent(old, size, before, leaf_hash(b"another"), path)
    assert not is_consistent(old, size, before, after, [*path, after])


@given(st.integers(0, 600))
def test_a_tree_that_grows_has_the_root_of_the_whole_at_every_size(size: int) -> None:
    growing = Growing()
    for leaf in leaves_of(size):
        growing.add(leaf)

    assert (size, root_of(leaves_of(size))) == (growing.size, growing.root)


@given(st.integers(1, 70_000))
def test_a_root_comes_out_of_a_few_hundred_kept_hashes(size: int) -> None:
    wanted = tiles_for(cover(0, size))

    asked = sum(end - first for _, first, end in wanted)

    assert asked <= 3 * 255
    assert all(end <= size >> level for level, _, end in wanted)


def test_kept_hashes_give_what_all_leaves_give() -> None:
    leaves = leaves_of(1_500)
    tiles = {(0, at): leaf for at, leaf in enumerate(leaves)}
    tiles |= {(8, at): root_of(leaves[at * 256 : (at + 1) * 256]) for at in range(1_500 // 256)}

    for place in (0, 255, 256, 1_279, 1_280, 1_499):
        ranges = inclusion_ranges(place, 1_500)
        needed = {
            (level, at)
            for level, first, end in tiles_for(n for r in ranges for n in cover(*r))
            for at in range(first, end)
        }
        assert path_of(leaves, place) == join(ranges, {node: tiles[node] for node in needed})
        assert len(needed) <= 4 * 256
