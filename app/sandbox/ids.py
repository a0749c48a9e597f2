"""Ids that look like Meta's: message ids, trace ids, business-scoped person ids, decimal object ids."""

import base64
import hashlib
import itertools
import secrets

_COUNTRIES = (("90", "TR"), ("44", "GB"), ("49", "DE"), ("91", "IN"), ("1", "US"))
_template_numbers = itertools.count(700_000_000_000_001)


def outbound_wamid(wa_id: str) -> str:
    """An id for a message the business sent: `wamid.` and base64 of Meta's byte pattern around `wa_id`."""
    return _wamid(wa_id, b"\x11\x18\x12", 9)


def inbound_wamid(wa_id: str) -> str:
    """An id for a message a person sent; the same pattern with another marker and two bytes more."""
    return _wamid(wa_id, b"\x12\x18\x14", 10)


def _wamid(wa_id: str, marker: bytes, entropy_bytes: int) -> str:
    address = wa_id.encode("ascii", "replace")[:120]
    unique = secrets.token_hex(entropy_bytes).upper().encode("ascii")
    raw = b"\x1c\x18" + bytes([len(address)]) + address + b"\x15\x02\x00" + marker + unique + b"\x00"
    return "wamid." + base64.b64encode(raw).decode("ascii")


def trace_id() -> str:
    """A fresh `fbtrace_id`: `A` and some twenty url-safe characters."""
    return "A" + secrets.token_urlsafe(16)[:20]


def template_id() -> str:
    """The next template id, a decimal string."""
    return str(next(_template_numbers))


def person_id(wa_id: str) -> str:
    """The business-scoped id of the person behind a number: stable, and not reversible by eye."""
    country = next((code for prefix, code in _COUNTRIES if wa_id.startswith(prefix)), "ZZ")
    return f"{country}.{int(hash_of(wa_id)[:12], 16) % 10**15}"


def hash_of(text: str) -> str:
    """SHA-256 in lower hex; what the truth log keeps of an address."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
