"""Is this a STOP? The closed set of stop words, in whatever spelling: İPTAL, IPTAL, iptal and ıptal are one word."""

from typing import Final

from app.kit.fold import fold

__all__ = ["STOP_PAYLOADS", "STOP_WORDS", "fold", "is_stop", "is_stop_button", "may_mean_stop"]

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
