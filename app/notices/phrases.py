"""What the linter listens for, folded (`app.kit.fold`): words of acceptance, open ends, and words of a language.

Lists, not understanding: a hit is a reason to rewrite, and no hit is no certificate.
"""

from typing import Final

# Beginnings of words that ask for agreement. A notice is informed of and acknowledged; it asks for nothing
# (Personal Data Protection Board, decision 2026/347).
ASKING: Final = ("kabul", "onay", "riza", "muvafakat", "taahhut", "accept", "agree", "approv", "consent")
# Beginnings of words that name another record: a contract or terms.
OTHER_RECORD: Final = ("sozlesme", "taahhutname", "contract", "agreement", "terms")

# Consent or acceptance in the person's mouth. "Based on your explicit consent" is information and is none of these.
CONSENTING: Final = (
    "kabul ediyor",
    "kabul ederim",
    "kabul ettim",
    "kabul ve beyan",
    "kabul etmis sayil",
    "onayliyor",
    "onaylarim",
    "onay veriyor",
    "riza gosteriyor",
    "riza veriyor",
    "acik rizam",
    "rizam vardir",
    "muvafakat ediyor",
    "izin veriyorum",
    "i accept",
    "i agree",
    "i consent",
    "i approve",
    "you accept",
    "you agree",
    "you consent to",
)

# A purpose that does not end (Law 6698, article 4/2-c: specific, explicit and legitimate).
OPEN_PURPOSE: Final = (
    "ve benzer",
    "vb",
    "vs",
    "gibi amac",
    "diger amac",
    "her turlu",
    "and similar",
    "other purposes",
    "etc",
    "and so on",
    "any purpose",
)
# The same in running text, where only the whole phrase is an open end.
OPEN_TEXT: Final = ("benzeri amac", "benzer amac", "gibi amac", "similar purposes")

WHATSAPP: Final = frozenset({"whatsapp", "meta"})  # who receives every message that is sent here

# Left from a form that nobody filled in.
PLACEHOLDERS: Final = ("ornek metin", "sirket unvani", "lorem ipsum", "buraya yazin", "sample text", "insert here")

# Frequent words of the languages that can be told apart here.
_TURKISH: Final = (
    *("ve", "bir", "icin", "ile", "bu", "olarak", "veya", "kisisel", "verileriniz", "verilerin", "veri", "hakkinda"),
    *("kapsaminda", "amaciyla", "sayili", "kanun", "haklariniz", "tarafindan", "uzerinden"),
)
_ENGLISH: Final = (
    *("the", "and", "of", "your", "for", "we", "our", "you", "with", "are", "is", "by", "data", "personal", "law"),
    *("rights", "under", "about"),
)
FREQUENT: Final = {"tr": frozenset(_TURKISH), "en": frozenset(_ENGLISH)}
MOST_TELLING: Final = 5  # so many frequent words of another language, and none of its own: it is not in its language
