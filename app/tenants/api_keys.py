"""API keys: `tpl_live_<10 public>_<43 secret>_<6 check>`.

The prefix is for secret scanners, the public part finds the key, 256 random bits are the secret, and the check digits
let a mistyped key be refused without asking the database. Only a SHA-256 of the secret is stored: at this entropy a
slow hash protects nothing and costs every request.
"""

import hashlib
import secrets
import string
import zlib
from dataclasses import dataclass, field

from app.kit.crypto import same

PREFIX = "tpl_live"
ALPHABET = string.digits + string.ascii_letters
PUBLIC_LENGTH, SECRET_LENGTH, CHECK_LENGTH = 10, 43, 6

SCOPES: dict[str, str] = {
    "batches:read": "See batches, messages, outcomes and reconciliation",
    "batches:write": "Create batches, add recipients, pause and cancel",
    "batches:send": "Start and resume batches",
    "consents:read": "Check whether people may be written to",
    "consents:write": "Record and withdraw consents, bases and suppressions",
    "opt_ins:read": "See opt-ins and what became of them",
    "opt_ins:write": "Offer opt-ins and attest approvals",
    "reviews:read": "Read sentences of people that may mean STOP",
    "reviews:write": "Decide such sentences, and define stop codes",
    "people:export": "Export everything that is held about a person",
    "people:erase": "Erase people, and reopen those who came back",
    "requests:read": "See what people asked",
    "requests:write": "Write down, answer and refuse what people ask",
    "retention:read": "See retention rules, holds and the log of destruction",
    "retention:write": "Choose retention, hold records, sign for what was destroyed by hand",
    "people:read": "See who a number belongs to, and how they stand",
    "people:write": "Link, correct and close numbers, and declare merchants",
    "notices:read": "See notices",
    "notices:write": "Publish notices",
    "templates:read": "See templates",
    "templates:write": "Register and bind templates",
    "rules:read": "See contact rules and lists of allowed variables",
    "rules:write": "Tighten contact rules and allow variables",
    "senders:read": "See senders",
    "senders:write": "Register and change senders",
    "registers:read": "See the registers: transfers, disclosures, processors, controls, assets, incidents",
    "registers:write": "Enter, change and end entries of the registers",
    "registers:export": "Export the registry of processing; each export is written down",
    "duties:read": "See what is due",
    "terms:read": "See the operator's terms, and what was accepted",
    "terms:write": "Accept the operator's terms for the tenant",
    "audit:read": "See receipts, and export the chain that proves them",
    "keys:read": "See API keys (never their secrets)",
    "keys:write": "Issue and revoke API keys",
}


@dataclass(frozen=True, slots=True)
class FreshKey:
    """A key just made: shown once as `text`, stored as `public_id` and `secret_hash`."""

    text: str = field(repr=False)
    public_id: str
    secret_hash: bytes = field(repr=False)


def make_key() -> FreshKey:
    """A new key with 256 bits of secret."""
    public_id = _random(PUBLIC_LENGTH)
    secret = _random(SECRET_LENGTH)
    return FreshKey(f"{PREFIX}_{public_id}_{secret}_{_check(public_id, secret)}", public_id, hash_secret(secret))


def read_key(text: str) -> tuple[str, str] | None:
    """The public part and the secret, or None when the text is not a key (shape or check digits)."""
    head, _, rest = text.partition(f"{PREFIX}_")
    parts = rest.split("_")
    if head or len(parts) != 3 or [len(part) for part in parts] != [PUBLIC_LENGTH, SECRET_LENGTH, CHECK_LENGTH]:
        return None
    public_id, secret, check = parts
    if not (public_id + secret + check).isalnum() or not text.isascii() or check != _check(public_id, secret):
        return None
    return public_id, secret


def hash_secret(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def same_secret(given: bytes, stored: bytes) -> bool:
    """Compare two hashed secrets in constant time."""
    return same(given, stored)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _check(public_id: str, secret: str) -> str:
    number = zlib.crc32(f"{public_id}{secret}".encode())
    digits = ""
    for _ in range(CHECK_LENGTH):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits
