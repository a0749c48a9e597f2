"""Did Meta send this? The signature of a webhook, and the token of the handshake.

Source: Meta, "Create a webhook endpoint" (2025-11): `X-Hub-Signature-256: sha256=<64 lower hex>`,
HMAC-SHA256 keyed with the app secret over the exact bytes of the request body.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from typing import Final

_HEADER: Final = re.compile(r"sha256=[0-9a-f]{64}", re.ASCII)


def verify(raw: bytes, header: str | None, secrets: Sequence[bytes]) -> bool:
    """Say whether the signature header fits these exact bytes under any of the secrets.

    `raw` is the body as received: parsing and serialising again breaks on the first accent. Several secrets
    serve a rotation; each is tried in constant time. Empty secrets never match. No secrets: always False.
    """
    if header is None or not _HEADER.fullmatch(header):
        return False
    given = header.removeprefix("sha256=").encode("ascii")
    fits = False
    for secret in secrets:
        wanted = hmac.digest(secret, raw, "sha256").hex().encode("ascii")
        # No early return: how long it takes must not tell which secret fitted.
        fits |= hmac.compare_digest(wanted, given) and bool(secret)
    return fits


def verify_token(given: str | None, expected: str) -> bool:
    """Compare the handshake's `hub.verify_token` with ours in constant time; empty never fits."""
    if given is None or not expected:
        return False
    # surrogatepass: a query string may decode to anything, and a comparison must not raise.
    left, right = (token.encode("utf-8", "surrogatepass") for token in (given, expected))
    return hmac.compare_digest(left, right)
