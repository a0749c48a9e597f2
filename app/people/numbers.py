"""Phone numbers as people write them, and as WhatsApp needs them: E.164 with a plus.

A number without a plus is read as Turkish by default: Meta would prepend the *sender's* country code to it, and so
change the country silently (Meta, Messages API, 2026-02).
"""

import re
from functools import lru_cache

import phonenumbers

DEFAULT_REGION = "TR"

# Digits only after the plus, no other alphabet's digits: this much of a string is E.164 already.
_STRICT = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
# A Turkish mobile number in full: the shape nearly every row here has. It needs no library.
_TURKISH_MOBILE = re.compile(r"\+905[0-9]{9}", re.ASCII)


def canonical_phone(text: str, region: str = DEFAULT_REGION) -> str | None:
    """E.164 (`+905321234567`), or None when this cannot be a number.

    Spaces, brackets, dashes and `00` are accepted. Length and prefix are judged by libphonenumber's *possible* test,
    not by its *valid* one: it calls numbers invalid that WhatsApp itself uses (Mexico 521, Brazil without the
    ninth digit).
    """
    if _TURKISH_MOBILE.fullmatch(text):
        return text
    if not 5 <= len(text) <= 40 or not text.isprintable():
        return None
    return _parse(text, region)


@lru_cache(maxsize=65_536)
def _parse(text: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_possible_number(number):
        return None
    if number.country_code == 90 and not phonenumbers.is_valid_number(number):
        return None
    formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return formatted if _STRICT.fullmatch(formatted) else None


_BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[0-9A-Za-z]{1,128}", re.ASCII)


def canonical_user_id(text: str) -> str | None:
    """A business-scoped user id (`TR.13491…`), verbatim, or None when it has another shape (Meta, BSUID, 2026-05)."""
    return text if _BSUID.fullmatch(text) else None
