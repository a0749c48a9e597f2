"""What does somebody mean? Closed sets of words, in whatever spelling: İPTAL, IPTAL, iptal and ıptal are one."""

import re
from typing import Final

from app.kit.fold import fold

STOP_WORDS: Final = frozenset(
    {
        "dur",
        "durdur",
        "ret",
        "red",
        "reddet",
        "stop",
        "iptal",
        "cikis",
        "cik",
        "abonelikten cik",
        "aboneligi iptal et",
        "mesaj gonderme",
        "unsubscribe",
    }
)
# In a conversation about an order these may mean the order: they stop marketing all the same, and the answer says how
# to undo it.
AMBIGUOUS: Final = frozenset({"dur", "durdur", "iptal"})
NO_WORDS: Final = frozenset({"hayir", "vazgec"})  # only as an answer to our own question
START_WORDS: Final = frozenset({"basla", "start"})
_ONE: Final = re.compile(r"(dur|durdur|ret|red|reddet|stop|iptal|cikis|cik) ([0-9a-z]{2,32})")
STOP_PAYLOADS: Final = frozenset({"OPTOUT", "STOP"})  # what the opt-out button of our templates carries

LONGEST_STOP: Final = 256  # characters, decoration included: no longer text is only a stop word
LONGEST_READ: Final = 4_096  # characters of a text message (Meta, 2025-11)


def is_stop(text: str | None) -> str | None:
    """The stop word, folded, when the whole message is one; else None. `D U R` is none, `dur!` is one."""
    if not text or len(text) > LONGEST_STOP:
        return None
    folded = fold(text)
    return folded if folded in STOP_WORDS else None


def is_stop_button(payload: str | None) -> str | None:
    """The stop word of a pressed button, by its payload: one of ours, or a stop word.

    Where a template gives a button no payload, WhatsApp sends the label as one (Meta, 2026-05). A label beside another
    payload is only read by a human: the button may stop a delivery.
    """
    if payload in STOP_PAYLOADS:
        return payload.lower()
    return is_stop(payload)


def find_stop_code(text: str | None) -> tuple[str, str] | None:
    """The stop word and the one word behind it (`dur bahar`), folded: a stop of one purpose, if the tenant has that."""
    if not text or len(text) > LONGEST_STOP:
        return None
    found = _ONE.fullmatch(fold(text))
    return None if found is None else (found[1], found[2])


def is_spelled_out(text: str | None) -> bool:
    """Whether the message is a stop word letter by letter: `D U R`."""
    if not text or len(text) > LONGEST_STOP:
        return False
    letters = fold(text).split()
    return all(len(letter) == 1 for letter in letters) and "".join(letters) in STOP_WORDS


def is_no(text: str | None) -> bool:
    """Whether the whole message is a *no*: it answers our question, or a human has to read it."""
    return bool(text) and len(text or "") <= LONGEST_STOP and fold(text or "") in NO_WORDS


def is_start(text: str | None) -> bool:
    """Whether the whole message asks to begin again. That is a wish to be asked, never a consent."""
    return bool(text) and len(text or "") <= LONGEST_STOP and fold(text or "") in START_WORDS


def may_mean_stop(text: str | None) -> bool:
    """Whether a stop word stands somewhere in a longer message: a human should read it."""
    if not text:
        return False
    folded = f" {fold(text[:LONGEST_READ])} "
    return any(f" {word} " in folded for word in STOP_WORDS)
