"""Read a notice as the law would: what is missing, and what does not belong in it. Pure, so it can be asked any time.

An `error` keeps a version from being published; a `warning` is for a human to weigh.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from app.kit.fold import fold
from app.notices import phrases
from app.notices.words import BLOCKS, Collection, Draft, NamedPurposes, Recipients, Words, parts_of, render
from app.purposes.queries import Purpose

Severity = Literal["error", "warning"]

BOARD = "Personal Data Protection Board, decision 2026/347 (Official Gazette 24.03.2026, 33203)"
COMMUNIQUE = "Communiqué on the duty to inform (10.03.2018), article 5"
TRANSFER = "Law 6698, articles 9 and 10/1-c"
PARAGRAPHS = dict(zip(BLOCKS, "abcçd", strict=True))  # of Law 6698, article 10/1


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: where (an RFC 6901 pointer), how bad, and which law says so. It never quotes the text."""

    code: str
    severity: Severity
    pointer: str
    detail: str
    law: str


def lint(draft: Draft, registry: Mapping[str, Purpose]) -> list[Finding]:
    """Everything there is to say about a draft; `registry` holds the draft's purposes by key."""
    found: list[Finding] = []
    for place, words in enumerate(draft.renderings):
        under = "" if place == 0 else f"/translations/{place - 1}"
        found += _missing(words, under)
        found += _asking(words, under)
        found += _purposes(words.blocks.purposes, draft.purposes, under)
        found += _recipients(words.blocks.recipients, under)
        found += _collection(words.blocks.collection, draft.purposes, registry, under)
        found += _text(words, under)
    if not any(words.language.startswith("tr") for words in draft.renderings):
        found.append(
            Finding("turkish_missing", "warning", "/language", "There is no Turkish text of this version.", COMMUNIQUE)
        )
    return found


def _missing(words: Words, under: str) -> Iterator[Finding]:
    for name in BLOCKS:
        if getattr(words.blocks, name) is None:
            law = f"Law 6698, article 10/1-{PARAGRAPHS[name]}"
            yield Finding("block_missing", "error", f"{under}/blocks/{name}", "This block is missing.", law)


def _asking(words: Words, under: str) -> Iterator[Finding]:
    """A notice is read and understood. It is not agreed to, and it is no contract."""
    headings = [(f"{under}/title", words.title), (f"{under}/label", words.label or "")]
    for name in BLOCKS:
        block = getattr(words.blocks, name)
        if block is not None:
            headings.append((f"{under}/blocks/{name}/heading", block.heading))
    for pointer, text in headings[:2]:
        if _has_word(text, phrases.ASKING):
            told = "This asks to accept, approve or consent. A notice is only read and understood."
            yield Finding("asks_for_acceptance", "error", pointer, told, BOARD)
    for pointer, text in headings:
        if _has_word(text, phrases.OTHER_RECORD):
            told = "This names a contract or terms. They are another text, with a heading and an act of their own."
            yield Finding("heading_of_another_record", "error", pointer, told, BOARD)
    for name, text in parts_of(words):
        if name not in ("title", "label") and _has_phrase(text, phrases.CONSENTING):
            told = "Here the person consents or accepts. Ask for consent in a text and by an act of its own."
            pointer = f"{under}/{name}" if name == "body" else f"{under}/blocks/{name}"
            yield Finding("consent_mixed_in", "error", pointer, told, f"{COMMUNIQUE}/1-f; {BOARD}")


def _purposes(block: NamedPurposes | None, purposes: Sequence[str], under: str) -> Iterator[Finding]:
    if block is None:
        return
    at = f"{under}/blocks/purposes/items"
    named = {item.purpose for item in block.items}
    for index, key in enumerate(purposes):
        if key not in named:
            told = "The text does not name this purpose."
            yield Finding("purpose_not_named", "error", f"/purposes/{index}", told, "Law 6698, article 10/1-b")
    for index, item in enumerate(block.items):
        if item.purpose not in purposes:
            told = "The text names a purpose that the version does not cover."
            yield Finding("purpose_not_covered", "error", f"{at}/{index}/purpose", told, "Law 6698, article 10/1-b")
        if _has_phrase(item.text, phrases.OPEN_PURPOSE, whole_words=("vb", "vs", "etc")):
            told = "This purpose has an open end. Name each purpose, or leave it out."
            yield Finding("purpose_open_ended", "error", f"{at}/{index}/text", told, "Law 6698, article 4/2-c")


def _recipients(block: Recipients | None, under: str) -> Iterator[Finding]:
    if block is None:
        return
    at = f"{under}/blocks/recipients/items"
    if not any(one.country is not None and phrases.WHATSAPP & set(fold(one.name).split()) for one in block.items):
        told = "WhatsApp (Meta) receives every message abroad. Name it, with country and safeguard."
        yield Finding("transfer_abroad_not_named", "error", at, told, TRANSFER)
    for index, one in enumerate(block.items):
        if one.country is not None and one.safeguard is None:
            told = "A transfer abroad names the safeguard it rests on."
            yield Finding("safeguard_not_named", "error", f"{at}/{index}/safeguard", told, TRANSFER)


def _collection(
    block: Collection | None, purposes: Sequence[str], registry: Mapping[str, Purpose], under: str
) -> Iterator[Finding]:
    if block is None:
        return
    law = "Law 6698, article 10/1-ç"
    told_of = {key for item in block.items for key in item.purposes}
    for index, key in enumerate(purposes):
        if key not in told_of:
            told = "Method and legal basis of collection are not told for this purpose."
            yield Finding("collection_not_told", "error", f"/purposes/{index}", told, law)
    for index, item in enumerate(block.items):
        known = [registry[key] for key in item.purposes if key in registry]
        pointer = f"{under}/blocks/collection/items/{index}"
        if len(known) < len(item.purposes):
            told = "The text names a purpose that the version does not cover."
            yield Finding("purpose_not_covered", "error", f"{pointer}/purposes", told, law)
        if any(purpose.legal_basis != item.legal_basis for purpose in known):
            told = "The registry of purposes rests one of these on another legal basis."
            yield Finding("legal_basis_differs", "error", f"{pointer}/legal_basis", told, f"{law}; {BOARD}")


def _text(words: Words, under: str) -> Iterator[Finding]:
    text = render(words)
    rights = words.blocks.rights
    if rights is not None and "11" not in fold(rights.rights).split():
        told = "The rights are those of article 11; the block does not name it."
        pointer = f"{under}/blocks/rights/rights"
        yield Finding("rights_article_not_named", "warning", pointer, told, "Law 6698, articles 10/1-d and 11")
    if _has_phrase(words.body, phrases.OPEN_TEXT):
        told = "The text leaves the purposes open. Name each, or leave it out."
        yield Finding("purpose_open_ended", "error", f"{under}/body", told, "Law 6698, article 4/2-c")
    if _has_phrase(text, phrases.PLACEHOLDERS):
        told = "Something of a sample was left in the text."
        yield Finding("placeholder_left", "warning", f"{under}/body", told, COMMUNIQUE)
    if _other_language(words.language, text):
        told = "The text is in another language than it says."
        yield Finding("language_mismatch", "error", f"{under}/language", told, COMMUNIQUE)


def _other_language(language: str, text: str) -> bool:
    """Whether enough words of the other known language stand there, and none of its own. Other languages: unknown."""
    said = fold(text).split()
    hits = {known: sum(word in frequent for word in said) for known, frequent in phrases.FREQUENT.items()}
    own = hits.pop(language.partition("-")[0], None)
    return own == 0 and max(hits.values()) >= phrases.MOST_TELLING


def _has_word(text: str, beginnings: Sequence[str]) -> bool:
    return any(word.startswith(tuple(beginnings)) for word in fold(text).split())


def _has_phrase(text: str, wanted: Sequence[str], whole_words: Sequence[str] = ()) -> bool:
    """Whether a phrase begins somewhere in the text at a word; some only as whole words."""
    folded = f" {fold(text)} "
    return any(f" {phrase} " in folded if phrase in whole_words else f" {phrase}" in folded for phrase in wanted)
