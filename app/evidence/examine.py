"""Examine a chain link by link, with no database, no settings and no network: what is told must follow from itself.

    exam = Examination(origin, keys)
    for each link in order:        exam.link(...)
    for each checkpoint, when as many links were seen as it says:   exam.checkpoint(...)
    exam.end()

Memory is flat: a chain of a million links needs the hash before and twenty hashes of the tree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.evidence.chain import BEGINNING, link_hash
from app.kit.merkle import Growing, leaf_hash
from app.kit.notes import Checkpoint, NoteBroken, Verifier


class Flaw(StrEnum):
    """What can be wrong with a chain, an export or a receipt."""

    UNREADABLE = "unreadable"  # it is not what it should be at all
    EDITED = "edited"  # a content is not the one that was sealed
    MISSING = "missing"  # a link, or what it is about, is gone
    REORDERED = "reordered"  # a link does not follow from the one before at this place
    TRUNCATED = "truncated"  # it ends before a checkpoint says it may
    REWRITTEN = "rewritten"  # it follows from itself, but it is not the chain that was signed
    FORGED = "forged"  # a signature does not fit
    UNKNOWN_KEY = "unknown_key"  # signed, but by a key that is not trusted here
    UNSEALED = "unsealed"  # something was written long ago and is in no link
    NOT_SEALED_YET = "not_sealed_yet"  # a receipt that was given too early to prove anything
    MISMATCH = "mismatch"  # parts of a receipt that do not belong together


class Flawed(Exception):
    """The examination failed. `flaw` says how, `where` at which link or part; neither quotes a content."""

    def __init__(self, flaw: Flaw, where: str) -> None:
        super().__init__(f"{flaw}: {where}")
        self.flaw = flaw
        self.where = where


def open_checkpoint(note: str, origin: str, keys: Iterable[Verifier]) -> Checkpoint:
    """What a checkpoint says, if one of these keys signed it for this chain. Raises Flawed."""
    problem = Flawed(Flaw.UNKNOWN_KEY, "a checkpoint is signed by no key that is trusted here")
    for key in keys:
        try:
            said = Checkpoint.read(key.open_note(note))
        except NoteBroken as broken:
            if "of this key" not in str(broken):
                problem = Flawed(Flaw.FORGED, f"a checkpoint: {broken}")
            continue
        if said.origin != origin:
            raise Flawed(Flaw.FORGED, "a checkpoint of another chain")
        return said
    raise problem


@dataclass(slots=True)
class Examination:
    """A chain as far as it was seen. `kept` are checkpoints that somebody kept outside."""

    origin: str
    keys: Sequence[Verifier]
    kept: Sequence[Checkpoint] = ()
    seen: int = 0
    checked: int = 0
    destroyed: int = 0
    last: Checkpoint | None = None
    _before: bytes = BEGINNING
    _tree: Growing = field(default_factory=Growing)

    @property
    def root(self) -> bytes:
        """The root over the links so far."""
        return self._tree.root

    def link(self, seq: int, digest: bytes, hash_: bytes, content: bytes | None) -> None:
        """The next link; `content` is the digest of what it is about, computed anew, or None if that is gone.

        Raises Flawed.
        """
        self._stand(seq)
        if content is None:
            raise Flawed(Flaw.MISSING, f"what link {seq} is about is gone")
        if content != digest:
            raise Flawed(Flaw.EDITED, f"the content of link {seq} is not the one that was sealed")
        self._add(seq, digest, hash_)

    def gap(self, seq: int, digest: bytes, hash_: bytes) -> None:
        """The next link, about something that was destroyed when its time was over; the caller knows by which act.

        Raises Flawed.
        """
        self._stand(seq)
        self.destroyed += 1
        self._add(seq, digest, hash_)

    def _stand(self, seq: int) -> None:
        if seq > self.seen + 1:
            raise Flawed(Flaw.MISSING, f"link {self.seen + 1} is not there; link {seq} comes next")
        if seq != self.seen + 1:
            raise Flawed(Flaw.REORDERED, f"link {seq} stands where link {self.seen + 1} belongs")

    def _add(self, seq: int, digest: bytes, hash_: bytes) -> None:
        if link_hash(seq, self._before, digest) != hash_:
            raise Flawed(Flaw.REORDERED, f"link {seq} does not follow from the link before it")
        self._before, self.seen = hash_, seq
        self._tree.add(leaf_hash(hash_))
        for kept in self.kept:
            if kept.size == seq and kept.root != self.root:
                raise Flawed(Flaw.REWRITTEN, f"the first {seq} links are not those of the checkpoint that was kept")

    def checkpoint(self, note: str) -> None:
        """A checkpoint of the chain as far as it was seen. Raises Flawed."""
        said = open_checkpoint(note, self.origin, self.keys)
        if said.size > self.seen:
            raise Flawed(Flaw.TRUNCATED, f"a checkpoint knows {said.size} links, and there are {self.seen}")
        if said.size != self.seen or said.root != self.root:
            raise Flawed(Flaw.REWRITTEN, f"the first {said.size} links are not those that were signed")
        self.last, self.checked = said, self.checked + 1

    def end(self) -> None:
        """Nothing more comes. Raises Flawed when a kept checkpoint knows of more."""
        for kept in self.kept:
            if kept.size > self.seen:
                raise Flawed(
                    Flaw.TRUNCATED, f"the checkpoint that was kept knows {kept.size} links, and there are {self.seen}"
                )
