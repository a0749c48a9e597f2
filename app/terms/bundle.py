"""Put documents together: which version is in force when, what it incorporates, and one hash over all of it."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.terms.queries import TermsVersion


@dataclass(frozen=True, slots=True)
class Part:
    """One version of a bundle, and how it stands to the first: `itself`, `prevails` or `yields`."""

    version: TermsVersion
    relation: str


class Incomplete(Exception):
    """A document is incorporated that is not in force at that time, or that incorporates itself."""


def in_force(versions: Sequence[TermsVersion], document: str, at: datetime) -> TermsVersion | None:
    """The version of a document in force at a time, or None."""
    begun = [one for one in versions if one.document == document and one.effective_from <= at]
    return max(begun, key=lambda one: one.version, default=None)


def as_of(versions: Sequence[TermsVersion], one: TermsVersion, now: datetime) -> datetime:
    """When to look at a version: now while it is in force, else the moment nearest to now at which it is or was."""
    later = (v.effective_from for v in versions if v.document == one.document and v.version > one.version)
    replaced = min(later, default=None)
    last = now if replaced is None else min(now, replaced - timedelta(microseconds=1))
    return max(one.effective_from, last)


def bundle(versions: Sequence[TermsVersion], first: TermsVersion, at: datetime) -> list[Part]:
    """The version and everything it incorporates, as it is in force at `at`; each document once. Raises Incomplete."""
    found = [Part(first, "itself")]
    seen = {first.document}
    for part in _incorporated(versions, first, at, (first.document,)):
        if part.version.document not in seen:
            seen.add(part.version.document)
            found.append(part)
    return found


def hash_bundle(parts: Sequence[Part]) -> bytes:
    """SHA-256 of one line for each part: document, version, its SHA-256 in hexadecimal, relation; spaces between."""
    lines = [
        f"{part.version.document} {part.version.version} {part.version.sha256.hex()} {part.relation}\n"
        for part in parts
    ]
    return hashlib.sha256("".join(lines).encode()).digest()


def hash_text(title: str, body: str) -> bytes:
    """SHA-256 of the title, two line feeds and the body, in UTF-8."""
    return hashlib.sha256(render(title, body).encode()).digest()


def render(title: str, body: str) -> str:
    """The exact text that is accepted."""
    return f"{title}\n\n{body}"


def _incorporated(
    versions: Sequence[TermsVersion], version: TermsVersion, at: datetime, way: tuple[str, ...]
) -> Iterator[Part]:
    for one in version.incorporates:
        if one.document in way:
            raise Incomplete(f"{one.document} would incorporate itself")
        found = in_force(versions, one.document, at)
        if found is None:
            raise Incomplete(f"{one.document} is not in force then")
        yield Part(found, "prevails" if one.prevails else "yields")
        yield from _incorporated(versions, found, at, (*way, one.document))
