"""Compare two versions of a notice: what was changed, part by part, and whether that can be called editorial."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from app.kit.fold import fold
from app.notices.queries import Version
from app.notices.words import Blocks, Draft, Words, parts_of

PARTS = ("title", "body", "controller", "purposes", "recipients", "collection", "rights", "label")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the text that differs. `diff` is a unified diff of its lines, without file names."""

    part: str
    change: Literal["added", "removed", "changed"]
    diff: str


def compare(before: Words, after: Words) -> list[Part]:
    """The parts that differ, in the order of the text."""
    old, new = dict(parts_of(before)), dict(parts_of(after))
    found = []
    for name in PARTS:
        if old.get(name) != new.get(name):
            change: Literal["added", "removed", "changed"] = "changed"
            if name not in old or name not in new:
                change = "added" if name in new else "removed"
            found.append(Part(name, change, diff_lines(old.get(name, ""), new.get(name, ""))))
    return found


def diff_lines(before: str, after: str) -> str:
    """A unified diff (three lines of context) without its two lines of file names; empty when nothing differs."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="")
    return "\n".join(list(lines)[2:])


def is_material(latest: Version, draft: Draft) -> str | None:
    """Where the draft tells of something that people were not told before, or None.

    Other purposes, another controller, a new recipient or country, and another legal basis are no matter of wording.
    A version from before there were blocks says nothing about them, so only its purposes are compared.
    """
    if set(draft.purposes) != set(latest.purposes):
        return "/purposes"
    before, after = latest.words.blocks, draft.renderings[0].blocks
    if before.controller and after.controller and fold(before.controller.name) != fold(after.controller.name):
        return "/blocks/controller/name"
    if before.recipients and not _recipients(after) <= _recipients(before):
        return "/blocks/recipients/items"
    if before.collection and _bases(after) != _bases(before):
        return "/blocks/collection/items"
    return None


def _recipients(blocks: Blocks) -> set[tuple[str, ...]]:
    items = () if blocks.recipients is None else blocks.recipients.items
    return {_folded([one.name, one.country or ""]) for one in items}


def _bases(blocks: Blocks) -> set[tuple[str, str]]:
    items = () if blocks.collection is None else blocks.collection.items
    return {(key, item.legal_basis) for item in items for key in item.purposes}


def _folded(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(fold(text) for text in texts)
