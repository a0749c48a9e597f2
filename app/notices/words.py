"""The words of one rendering of a notice: the five blocks that article 10 of Law 6698 asks for, and the exact text.

What people are shown, and what is hashed, is `render(words)`: title, body, the blocks in the order of the article, and
the label, with an empty line between them. So the hash depends on nothing but the words, in any language.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

Requirement = Literal["new_acknowledgement", "new_consent"]
BLOCKS = ("controller", "purposes", "recipients", "collection", "rights")  # article 10/1, a to d


@dataclass(frozen=True, slots=True)
class Controller:
    """Article 10/1-a: who the controller is, and their representative if there is one."""

    heading: str
    name: str
    contact: str
    representative: str | None = None


@dataclass(frozen=True, slots=True)
class NamedPurpose:
    """One purpose (a key), in words."""

    purpose: str
    text: str


@dataclass(frozen=True, slots=True)
class NamedPurposes:
    """Article 10/1-b: for which purposes."""

    heading: str
    items: tuple[NamedPurpose, ...]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who receives data, and why. With a `country` it is a transfer abroad (article 9)."""

    name: str
    reason: str
    country: str | None = None
    safeguard: str | None = None


@dataclass(frozen=True, slots=True)
class Recipients:
    """Article 10/1-c: to whom and why."""

    heading: str
    items: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True)
class Collected:
    """How the data for these purposes (keys) are collected, and on which legal basis, as a code and in words."""

    purposes: tuple[str, ...]
    method: str
    legal_basis: str
    text: str


@dataclass(frozen=True, slots=True)
class Collection:
    """Article 10/1-ç: method and legal basis of collection."""

    heading: str
    items: tuple[Collected, ...]


@dataclass(frozen=True, slots=True)
class Rights:
    """Article 10/1-d: the rights of article 11, and how to use them."""

    heading: str
    rights: str
    how: str


@dataclass(frozen=True, slots=True)
class Blocks:
    """The five blocks. A block that is None is missing; the linter says so."""

    controller: Controller | None = None
    purposes: NamedPurposes | None = None
    recipients: Recipients | None = None
    collection: Collection | None = None
    rights: Rights | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """What people are shown in one language. `label` stands beside the box, if there is one."""

    language: str
    title: str
    body: str
    blocks: Blocks = Blocks()
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """One version before it is published: for which purposes (keys), in which languages. The first is the main one.

    `shown_since`: when a text that was in use before it is published here was first shown. None: it is new.
    """

    purposes: Sequence[str]
    renderings: Sequence[Words]
    shown_since: datetime | None = None


def render(words: Words) -> str:
    """The exact text that people are shown."""
    return "\n\n".join(text for _, text in parts_of(words))


def parts_of(words: Words) -> list[tuple[str, str]]:
    """The parts of the text by name, in their order; what is missing is left out."""
    blocks = words.blocks
    found = [("title", words.title), ("body", words.body)]
    if (c := blocks.controller) is not None:
        found.append(("controller", _lines(c.heading, [c.name, c.contact, c.representative])))
    if (p := blocks.purposes) is not None:
        found.append(("purposes", _lines(p.heading, [item.text for item in p.items])))
    if (r := blocks.recipients) is not None:
        told = [_dashed([one.name, one.reason, one.country, one.safeguard]) for one in r.items]
        found.append(("recipients", _lines(r.heading, told)))
    if (k := blocks.collection) is not None:
        found.append(("collection", _lines(k.heading, [_dashed([item.method, item.text]) for item in k.items])))
    if (g := blocks.rights) is not None:
        found.append(("rights", _lines(g.heading, [g.rights, g.how])))
    if words.label is not None:
        found.append(("label", words.label))
    return found


def hash_words(words: Words) -> bytes:
    """SHA-256 of the exact text in UTF-8: anybody can compute it again."""
    return hashlib.sha256(render(words).encode()).digest()


def pack(blocks: Blocks) -> dict[str, Any] | None:
    """The blocks as JSON without what is missing; None when all are."""
    packed: dict[str, Any] = _without_nulls(msgspec.to_builtins(blocks))
    return packed or None


def unpack(packed: Any) -> Blocks:
    """The blocks from what `pack` made, or from its text."""
    if isinstance(packed, str | bytes):
        packed = msgspec.json.decode(packed)
    return Blocks() if packed is None else msgspec.convert(packed, Blocks)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(inner) for inner in value]
    return value


def _lines(heading: str, lines: Iterable[str | None]) -> str:
    return "\n".join([heading, *(line for line in lines if line is not None)])


def _dashed(parts: Iterable[str | None]) -> str:
    return " – ".join(part for part in parts if part is not None)
