"""What a marketing text should hold besides its offer (regulation on commercial messages, articles 8 and 9)."""

import re
from collections.abc import Sequence
from typing import Final, Literal

from app.kit.fold import fold

Warning_ = Literal["sender_not_named", "contact_missing", "refusal_missing", "promotion_not_marked"]

_MERSIS: Final = re.compile(r"(?<!\d)\d{16}(?!\d)")
_TITLE: Final = re.compile(r"\b(a s|anonim sirketi|ltd|limited sirketi|tic|san|mersis)\b")
_CONTACT: Final = re.compile(
    r"https?://|www\.|@|(?<!\d)(0|\+90)?\s?\(?\d{3}\)?\s?\d{3}\s?\d{2}\s?\d{2}(?!\d)|\b444\s?\d\s?\d{3}\b"
)
_REFUSAL: Final = re.compile(r"\b(ret|red|stop|iptal|dur|cikis|reddet|unsubscribe)\b")
_MARK: Final = re.compile(r"\b(kampanya|tanitim|reklam|indirim|promosyon|advertisement|campaign|promotion)")


def find_gaps(texts: Sequence[str]) -> list[Warning_]:
    """What nobody found in these texts. They are warnings: a title may be the display name, a variable may say it."""
    plain = "\n".join(texts)
    words = fold(plain)
    asked: tuple[tuple[Warning_, bool], ...] = (
        ("sender_not_named", bool(_MERSIS.search(plain) or _TITLE.search(words))),
        ("contact_missing", bool(_CONTACT.search(plain))),
        ("refusal_missing", bool(_REFUSAL.search(words))),
        ("promotion_not_marked", bool(_MARK.search(words))),
    )
    return [warning for warning, there in asked if not there]
