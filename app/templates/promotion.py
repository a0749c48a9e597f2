"""Does a text promote? Turkish is agglutinative, so stems are looked for with whatever suffix follows them.

A service message that promotes anything is a commercial one, and needs approval (Law 6563, article 6/1; the exceptions
of the regulation, article 6, hold "provided that nothing is promoted"). A word list is a help for a person, no verdict.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from app.kit.fold import fold

LONGEST_SUFFIX: Final = 14  # indirimlerimizdekiler: what follows a stem; more is another word
# Folded. A stem matches at the beginning of a word: `indirim` finds indirimler, indirimli, indirimimizden; the mutation
# of its last consonant is written out where there is one (armağan keeps its own).
STEMS: Final = (
    "indirim",
    "iskonto",
    "kampanya",
    "firsat",
    "hediye",
    "armagan",
    "cekilis",
    "kupon",
    "promosyon",
    "sepet",
    "bedava",
    "surpriz",
    "taksitle al",
    "hemen al",
    "alisverise basla",
    "ozel teklif",
    "ozel fiyat",
    "puan kazan",
    "kazandiniz",
    "kacirma",
    "discount",
    "coupon",
    "voucher",
    "promo",
    "giveaway",
    "special offer",
    "limited time",
    "free gift",
)
# `indir` (download), `sepetci` (a trade) and the like begin as a stem does and are another word.
NOT_PROMOTION: Final = re.compile(r"(promote[sd]?|promoter|promotor)")
_PERCENT: Final = re.compile(r"%\s?\d|\d\s?%|\byuzde \d")
_SPACED: Final = re.compile(r"\b(?:[a-z0-9] ){3,}[a-z0-9]\b")  # i n d i r i m
_VARIABLE: Final = re.compile(r"\{\{\w+\}\}")


def find_promotion(texts: Iterable[str]) -> tuple[str, ...]:
    """The stems found, in the order of the list, and `%` for a percentage. Empty: nothing promotes, as far as one sees.

    What a variable will say is not known here.
    """
    found = set()
    for text in texts:
        plain = _VARIABLE.sub(" ", text)
        words = fold(plain)
        words = f" {words} " + _SPACED.sub(lambda run: f" {run.group().replace(' ', '')} ", words) + " "
        found |= {stem for stem in STEMS if _stands_in(stem, words)}
        if _PERCENT.search(unicodedata.normalize("NFKC", plain)) or _PERCENT.search(words):
            found.add("%")
    found -= {stem for stem in found for longer in found if longer != stem and longer.startswith(stem)}
    return tuple(stem for stem in (*STEMS, "%") if stem in found)


def _stands_in(stem: str, words: str) -> bool:
    for match in re.finditer(rf" ({stem}[a-z]{{0,{LONGEST_SUFFIX}}})(?= )", words):
        if not NOT_PROMOTION.fullmatch(match[1]):
            return True
    return False
