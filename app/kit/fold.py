"""Fold text until two spellings of a word are one: dotted and dotless, accented and plain, wide and narrow letters.

`str.lower` and `casefold` are both wrong for Turkish: `"İPTAL".lower()` has a combining dot in it and `"ÇIKIŞ".lower()`
is not `çıkış` (tried in CPython 3.11).
"""

import re
import unicodedata
from typing import Final

_TURKISH: Final = str.maketrans("İIıŞşĞğÜüÖöÇçÂâ", "iiissgguuooccaa")
_NOT_A_WORD: Final = re.compile(r"[^0-9a-z]+")


def fold(text: str) -> str:
    """Lower-case ASCII words with single spaces between them; what is no letter or digit separates words."""
    text = unicodedata.normalize("NFKC", text).translate(_TURKISH)
    text = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in text if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return " ".join(_NOT_A_WORD.sub(" ", text.casefold()).split())
