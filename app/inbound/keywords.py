"""Is this a STOP? Folding that makes İPTAL, IPTAL, iptal and ıptal one word, and the closed set of stop words.

`str.lower` and `casefold` are both wrong for Turkish: `"İPTAL".lower()` has a combining dot in it and `"ÇIKIŞ".lower()`
is not `çıkış` (tried in CPython 3.11). Here dotted and dotless, accented and plain letters all become one.
"""

import re
import unicodedata
from typing import Final

_TURKISH: Final = str.maketrans("İIıŞşĞğÜüÖöÇçÂâ", "iiissgguuooccaa")
_NOT_A_WORD: Final = re.compile(r"[^0-9a-z]+")

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
STOP_PAYLOADS: Final = frozenset({"OPTOUT", "STOP"})  # what the opt-out button of our templates carries

LONGEST_STOP: Final = 256  # characters, decoration included: no longer text is only a stop word
LONGEST_READ: Final = 4_096  # characters of a text message (Meta, 2025-11)


def fold(text: str) -> str:
    """Lower-case ASCII words with single spaces between them; what is no letter or digit separates words."""
    text = unicodedata.normalize("NFKC", text).translate(_TURKISH)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in text if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return " ".join(_NOT_A_WORD.sub(" ", text.casefold()).split())


def is_stop(text: str | None) -> str | None:
    """The stop word, folded, when the whole message is one; else None. `D U R` is none, `dur!` is one."""
    if not text or len(text) > LONGEST_STOP:
        return None
    folded = fold(text)
    return folded if folded in STOP_WORDS else None


def is_stop_button(payload: str | None, label: str | None) -> str | None:
    """The stop word of a pressed button: its payload is one of ours, or payload or label is a stop word."""
    if payload in STOP_PAYLOADS:
        return payload.lower()
    return is_stop(payload) or is_stop(label)


def may_mean_stop(text: str | None) -> bool:
    """Whether a stop word stands somewhere in a longer message: a human should read it."""
    if not text:
        return False
    folded = f" {fold(text[:LONGEST_READ])} "
    return any(f" {word} " in folded for word in STOP_WORDS)
