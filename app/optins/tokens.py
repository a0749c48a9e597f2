"""What a button carries: it proves that the tap is this person's, on this question.

Made at random when the question leaves, known to WhatsApp and the person's telephone only. Here stays a keyed hash, so
neither an answer of the API nor a copy of the database can tap for anybody.
"""

import re
import secrets
from typing import Final
from uuid import UUID

from app.kit.crypto import keyed_hash
from app.runtime import TenantKeys

PREFIX: Final = "toplu:"  # tells our questions' buttons from a template's
_TOKEN: Final = re.compile(r"toplu:[A-Za-z0-9_-]{32}", re.ASCII)
CODE_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: nothing that Turkish casing or a reader bends
CODE_LENGTH: Final = 8
_CODE: Final = re.compile(rf"(?<![0-9A-Z])TP-([{CODE_LETTERS}]{{{CODE_LENGTH}}})(?![0-9A-Z])", re.ASCII)
LONGEST_WORDS: Final = 1_024  # characters of a first message that are looked at for a code


def new_token() -> str:
    """A payload with 192 random bits."""
    return PREFIX + secrets.token_urlsafe(24)


def is_token(payload: str | None) -> bool:
    """Whether a payload has the form of ours; whether it is one, only its hash tells."""
    return payload is not None and _TOKEN.fullmatch(payload) is not None


def hash_token(keys: TenantKeys, token: str) -> UUID:
    """What is kept of a payload."""
    return keyed_hash(keys.lookup, b"opt-in|" + token.encode())


def new_code() -> str:
    """The short name of an offer in its link. It is public: it says what is asked, never who answers."""
    return "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))


def find_code(text: str | None) -> str | None:
    """The code in what somebody wrote, however they wrote around it; None when there is none, or several."""
    if not text:
        return None
    found = set(_CODE.findall(text[:LONGEST_WORDS].upper()))
    return found.pop() if len(found) == 1 else None
