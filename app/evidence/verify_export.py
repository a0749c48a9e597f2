"""Examine an export, with no database, no settings and no network, line by line."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.evidence.chain import origin_of
from app.evidence.examine import Examination, Flaw, Flawed
from app.evidence.vouch import vouched_for
from app.kit import canonical
from app.kit.ids import decode
from app.kit.notes import Checkpoint, NoteBroken, Verifier

Json = dict[str, Any]
ACTION = "records.destroyed"  # the act that names what is gone


def verify_export(
    lines: Iterable[bytes], keys: Sequence[Verifier] | None, kept: Sequence[Checkpoint] = ()
) -> Examination:
    """Examine it from its first line to its last. `keys` None: the keys it names itself are believed.

    Raises Flawed.
    """
    told = iter(lines)
    exam = _begin(next(told, b""), keys, kept)
    gaps = _Gaps()
    end: Json | None = None
    for raw in told:
        if end is not None:
            raise Flawed(Flaw.UNREADABLE, "something stands behind the last line")
        line = _read(raw)
        try:
            end = _take(exam, gaps, line)
        except Flawed as found:
            if found.flaw is Flaw.MISSING and _comes_later(told, exam.seen + 1):
                raise Flawed(Flaw.REORDERED, f"link {exam.seen + 1} does not stand in its place") from None
            raise
        except (KeyError, TypeError, ValueError, AttributeError):
            raise Flawed(Flaw.UNREADABLE, f"a line behind link {exam.seen} has not the form of one") from None
    if end is None:
        raise Flawed(Flaw.TRUNCATED, f"it ends behind link {exam.seen} without its last line")
    if end.get("links") != exam.seen:
        raise Flawed(Flaw.MISSING, f"its last line tells of {end.get('links')} links, and there are {exam.seen}")
    if end.get("checkpoints") != exam.checked:
        raise Flawed(Flaw.MISSING, "its last line tells of another number of checkpoints")
    exam.end()
    gaps.end()
    if exam.seen and (exam.last is None or exam.last.size != exam.seen):
        raise Flawed(Flaw.MISSING, "the checkpoint over the last link is not there")
    return exam


def _begin(raw: bytes, keys: Sequence[Verifier] | None, kept: Sequence[Checkpoint]) -> Examination:
    head = _read(raw)
    try:
        origin = origin_of(decode("ten", head["tenant"]))
        own = [Verifier.read(text) for text in head["keys"]]
        vouchers = list(head.get("vouchers", ()))
        if head["type"] != "export" or head["schema"] != 1 or head["origin"] != origin:
            raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError, NoteBroken):
        raise Flawed(Flaw.UNREADABLE, "the first line is not the one of an export") from None
    if any(one.origin != origin for one in kept):
        raise Flawed(Flaw.MISMATCH, "the checkpoint that was kept is of another chain")
    return Examination(origin, vouched_for(own if keys is None else keys, vouchers), kept)


def _comes_later(rest: Iterable[bytes], seq: int) -> bool:
    """Whether a link that is missing here stands somewhere behind."""
    return any(line.get("type") == "link" and line.get("seq") == seq for line in map(_read, rest))


@dataclass(slots=True)
class _Gaps:
    """What is gone, by the act that says so: a digest of ids in the order of the chain, until the act itself comes.

    Memory is flat: a digest per page of 20,000 that was destroyed.
    """

    told: dict[str, Any] = field(default_factory=dict)
    runs: Counter[str] = field(default_factory=Counter)

    def add(self, id_: UUID, gap: Json) -> None:
        self.told.setdefault(gap["act"], sha256()).update(id_.bytes)
        self.runs[str(gap["run"])] += 1

    def act(self, content: Json) -> None:
        """An act in the chain. One that names a list of just what was told before it settles that list."""
        told = self.told.get(content["id"])
        if told is not None and content["action"] == ACTION and told.hexdigest() == content["detail"]["sha256"]:
            del self.told[content["id"]]

    def end(self) -> None:
        """Raises Flawed when something is gone that no act in the chain names."""
        if self.told:
            raise Flawed(Flaw.MISSING, "something is gone that no act of destruction in this chain names")


def _take(exam: Examination, gaps: _Gaps, line: Json) -> Json | None:
    """One line. The last one is given back."""
    match line["type"]:
        case "link" if line["content"] is None and line.get("destroyed") is not None:
            exam.gap(line["seq"], bytes.fromhex(line["digest"]), bytes.fromhex(line["hash"]))
            gaps.add(UUID(line["id"]), line["destroyed"])
        case "link":
            content = line["content"]
            found = None if content is None else canonical.digest_read(content)
            if content is not None and content["id"] != line["id"]:
                raise Flawed(Flaw.EDITED, f"link {line['seq']} is about something else than it says")
            exam.link(line["seq"], bytes.fromhex(line["digest"]), bytes.fromhex(line["hash"]), found)
            if content is not None and content["id"] in gaps.told:
                gaps.act(content)
        case "checkpoint":
            exam.checkpoint(line["note"])
        case "end":
            return line
        case _:
            raise ValueError
    return None


def _read(raw: bytes) -> Json:
    try:
        line = canonical.read(raw)
    except canonical.NotCanonical:
        raise Flawed(Flaw.UNREADABLE, "there is a line that is no JSON") from None
    if not isinstance(line, dict):
        raise Flawed(Flaw.UNREADABLE, "there is a line that is no object")
    return line
