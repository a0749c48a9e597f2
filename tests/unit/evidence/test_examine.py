"""A chain of invented contents, altered in every way, as somebody who has only the file examines it."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.evidence.chain import BEGINNING, link_up, origin_of
from app.evidence.examine import Examination, Flaw, Flawed
from app.evidence.verify_export import verify_export
from app.kit import canonical
from app.kit.ids import encode, new_id
from app.kit.merkle import leaf_hash, root_of
from app.kit.notes import Checkpoint, Signer

Json = dict[str, Any]
TENANT = new_id()
SIGNER = Signer(origin_of(TENANT), b"\x05" * 32)
OTHER = Signer(origin_of(TENANT), b"\x06" * 32)


def export(contents: list[Json], every: int, signer: Signer = SIGNER) -> list[Json]:
    """An export of these contents, with a checkpoint behind every so many links and behind the last."""
    ids = [str(UUID(int=at + 1)) for at in range(len(contents))]
    contents = [content | {"id": id_} for content, id_ in zip(contents, ids, strict=True)]
    digests = [canonical.digest(content) for content in contents]
    hashes = list(link_up(0, BEGINNING, digests))
    head = {"type": "export", "schema": 1, "tenant": encode("ten", TENANT), "origin": origin_of(TENANT)}
    lines: list[Json] = [head | {"keys": [signer.verifier.text], "links": len(contents)}]
    signed = 0
    for at, (content, digest, hash_) in enumerate(zip(contents, digests, hashes, strict=True), 1):
        link = {"type": "link", "seq": at, "source": "audit", "id": content["id"], "content": content}
        lines.append(link | {"digest": digest.hex(), "hash": hash_.hex()})
        if at % every == 0 or at == len(contents):
            lines.append({"type": "checkpoint", "note": signer.sign_note(checkpoint(hashes[:at]).text)})
            signed += 1
    return [*lines, {"type": "end", "links": len(contents), "checkpoints": signed}]


def checkpoint(hashes: list[bytes]) -> Checkpoint:
    return Checkpoint(origin_of(TENANT), len(hashes), root_of([leaf_hash(one) for one in hashes]))


def whole(lines: list[Json]) -> Checkpoint:
    """The checkpoint over all of an export, as somebody kept it."""
    return checkpoint([bytes.fromhex(line["hash"]) for line in lines if line["type"] == "link"])


def told(lines: list[Json]) -> Iterator[bytes]:
    return iter([canonical.write(line) + b"\n" for line in lines])


def flaw_of(lines: list[Json], kept: Checkpoint | None = None) -> Flaw | None:
    try:
        verify_export(told(lines), [SIGNER.verifier], [] if kept is None else [kept])
    except Flawed as found:
        return found.flaw
    return None


contents = st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 9), max_size=3), min_size=3, max_size=24)


@given(contents, st.integers(1, 8))
def test_a_chain_that_nobody_touched_holds(given_contents: list[Json], every: int) -> None:
    lines = export(given_contents, every)

    exam = verify_export(told(lines), None, [whole(lines)])

    assert len(given_contents) == exam.seen
    assert whole(lines).root == exam.root


def links_in(lines: list[Json]) -> list[int]:
    return [at for at, line in enumerate(lines) if line["type"] == "link"]


@pytest.mark.covers("O7")
@given(contents, st.data())
def test_an_edited_content_is_told(given_contents: list[Json], data: st.DataObject) -> None:
    lines = export(given_contents, 5)
    at = data.draw(st.sampled_from(links_in(lines)))

    lines[at]["content"] |= {"a": 10}

    assert Flaw.EDITED == flaw_of(lines)


@given(contents, st.data())
def test_an_edited_content_with_a_digest_that_fits_breaks_the_link(given_contents: list[Json], data: Any) -> None:
    lines = export(given_contents, 5)
    at = data.draw(st.sampled_from(links_in(lines)))

    lines[at]["content"] |= {"a": 10}
    lines[at]["digest"] = canonical.digest(lines[at]["content"]).hex()

    assert Flaw.REORDERED == flaw_of(lines)


@given(contents, st.data())
def test_a_deleted_link_is_told(given_contents: list[Json], data: st.DataObject) -> None:
    lines = export(given_contents, 50)
    at = data.draw(st.sampled_from(links_in(lines)[:-1]))

    del lines[at]

    assert Flaw.MISSING == flaw_of(lines)


@given(contents, st.data())
def test_links_in_another_order_are_told(given_contents: list[Json], data: st.DataObject) -> None:
    lines = export(given_contents, 50)
    one, other = data.draw(st.lists(st.sampled_from(links_in(lines)), min_size=2, max_size=2, unique=True))

    lines[one], lines[other] = lines[other], lines[one]

    assert Flaw.REORDERED == flaw_of(lines)


@given(contents, st.data())
def test_a_chain_computed_anew_over_other_contents_meets_the_signature(given_contents: list[Json], data: Any) -> None:
    lines = export(given_contents, 50)
    at = data.draw(st.integers(0, len(given_contents) - 1))
    anew = export([*given_contents[:at], given_contents[at] | {"a": 10}, *given_contents[at + 1 :]], 50)

    forged = [line if line["type"] != "checkpoint" else old for line, old in zip(anew, lines, strict=True)]

    assert Flaw.REWRITTEN == flaw_of(forged)


def test_a_chain_signed_by_another_key_is_told() -> None:
    assert Flaw.UNKNOWN_KEY == flaw_of(export([{}, {}], 5, OTHER))


@given(contents, st.data())
def test_a_cut_file_is_told(given_contents: list[Json], data: st.DataObject) -> None:
    lines = export(given_contents, 5)
    end = data.draw(st.integers(1, len(lines) - 1))

    assert Flaw.TRUNCATED == flaw_of(lines[:end])


@pytest.mark.covers("O7")
@given(contents, st.integers(1, 23))
def test_a_shorter_chain_that_is_whole_in_itself_meets_the_checkpoint_that_was_kept(
    given_contents: list[Json], dropped: int
) -> None:
    kept = whole(export(given_contents, 5))

    shorter = export(given_contents[: -min(dropped, len(given_contents) - 1)], 5)

    assert Flaw.TRUNCATED == flaw_of(shorter, kept)
    assert flaw_of(shorter) is None  # without one that was kept elsewhere nobody can tell


@given(contents)
def test_a_chain_rewritten_and_signed_by_whoever_has_the_key_meets_the_checkpoint_that_was_kept(
    given_contents: list[Json],
) -> None:
    kept = whole(export(given_contents, 5))

    anew = export([given_contents[0] | {"a": 10}, *given_contents[1:]], 5)

    assert Flaw.REWRITTEN == flaw_of(anew, kept)
    assert flaw_of(anew) is None  # whoever has the key can: this is why a copy belongs elsewhere


Break = Callable[[list[Json]], Any]


@pytest.mark.parametrize(
    ("alter", "flaw"),
    [
        (lambda lines: lines.clear(), Flaw.UNREADABLE),
        (lambda lines: lines.pop(0), Flaw.UNREADABLE),
        (lambda lines: lines[1].pop("hash"), Flaw.UNREADABLE),
        (lambda lines: lines[1].update(hash="zz"), Flaw.UNREADABLE),
        (lambda lines: lines[1].update(type="other"), Flaw.UNREADABLE),
        (lambda lines: lines.append(lines[1]), Flaw.UNREADABLE),
        (lambda lines: lines[1].update(content=None), Flaw.MISSING),
        (lambda lines: lines[-1].update(links=7), Flaw.MISSING),
        (lambda lines: lines.pop(-2), Flaw.MISSING),
        (lambda lines: lines[1].update(id=str(UUID(int=9))), Flaw.EDITED),
        (lambda lines: lines[-2].update(note=lines[-2]["note"].replace("\n3\n", "\n2\n")), Flaw.FORGED),
    ],
)
def test_whatever_is_wrong_has_its_reason(alter: Break, flaw: Flaw) -> None:
    lines = export([{}, {"a": 1}, {"b": 2}], 5)

    alter(lines)

    assert flaw == flaw_of(lines)


def test_a_link_follows_as_the_documents_say() -> None:
    digest = hashlib.sha256(b"{}").digest()

    (found,) = link_up(0, BEGINNING, [digest])

    assert hashlib.sha256(b"\0" + bytes(7) + b"\x01" + bytes(32) + digest).digest() == found


def test_a_checkpoint_of_another_chain_does_not_count() -> None:
    elsewhere = Signer(origin_of(new_id()), b"\x05" * 32)
    exam = Examination(origin_of(TENANT), [elsewhere.verifier])

    with pytest.raises(Flawed, match="another chain"):
        exam.checkpoint(elsewhere.sign_note(Checkpoint(elsewhere.name, 0, bytes(32)).text))
