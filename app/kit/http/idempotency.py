"""Idempotency-Key: the same key and the same request get the same answer, and the work is done once.

Follows draft-ietf-httpapi-idempotency-key-header-08 (2026-10): a quoted structured string, bare text accepted
too. The store keeps keys beside the work, in the transaction of the work: if the work rolls back, so does the
key, and a retry starts afresh. So only answers that were committed are replayed; errors are judged anew.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from app.kit.errors import Conflict, Invalid, Malformed

REPLAY_HEADER = "Idempotency-Replay"
LONGEST = 255
QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"\Z')
VISIBLE = re.compile(r"[\x21-\x7e]+\Z")


class IdempotencyKeyInvalid(Malformed):
    """`Idempotency-Key` must be 1 to 255 visible ASCII characters, quoted or not."""

    code = "idempotency_key_invalid"
    title = "Idempotency key invalid"
    action = "Send a fresh random key, a UUID for example."


class IdempotencyKeyReused(Invalid):
    """This `Idempotency-Key` was used before for another request.

    Method, path and body must be the same for a replay. Nothing was done.
    """

    code = "idempotency_key_reused"
    title = "Idempotency key reused"
    action = "Use a new key for a new request."


class IdempotencyInProgress(Conflict):
    """A request with this `Idempotency-Key` is still being worked on."""

    code = "idempotency_in_progress"
    title = "Request in progress"
    action = "Repeat the request with the same key after Retry-After."
    retryable = True


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that can be kept and given again. `headers` holds those worth replaying (Location, ETag)."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a store knows of a key. Without an answer the first request is still running."""

    fingerprint: bytes
    answer: Answer | None = None


class Store(Protocol):
    """Where keys are kept; one instance per caller and transaction."""

    async def reserve(self, key: str, fingerprint: bytes) -> Kept | None:
        """Take the key, or return what is kept under it. Two at once: one gets None."""

    async def finish(self, key: str, answer: Answer) -> None:
        """Keep the answer of a key that was reserved."""


def read_key(header: str | None) -> str | None:
    """The key of an Idempotency-Key header; None without one. Raises IdempotencyKeyInvalid."""
    if header is None:
        return None
    text = header.strip()
    if quoted := QUOTED.match(text):
        text = re.sub(r"\\(.)", r"\1", quoted[1])
    if not VISIBLE.match(text) or len(text) > LONGEST:
        raise IdempotencyKeyInvalid
    return text


def fingerprint(method: str, path: str, body: bytes) -> bytes:
    """32 bytes that are equal for equal requests. A stream gives its own digest as `body`."""
    whole = hashlib.sha256()
    for part in (method.upper().encode(), path.encode(), body):
        whole.update(len(part).to_bytes(8, "big") + part)
    return whole.digest()


def judge(kept: Kept, presented: bytes) -> Answer:
    """The answer to replay. Raises IdempotencyKeyReused or IdempotencyInProgress."""
    if kept.fingerprint != presented:
        raise IdempotencyKeyReused
    if kept.answer is None:
        raise IdempotencyInProgress(retry_after_s=1)
    return Answer(kept.answer.status, kept.answer.body, {**kept.answer.headers, REPLAY_HEADER: "true"})


async def once(store: Store, key: str | None, presented: bytes, work: Callable[[], Awaitable[Answer]]) -> Answer:
    """Do the work, or replay its answer. Without a key it is simply done.

    Raises what `judge` and the work raise; the transaction around it then rolls back the reservation as well.
    """
    if key is None:
        return await work()
    kept = await store.reserve(key, presented)
    if kept is not None:
        return judge(kept, presented)
    answer = await work()
    await store.finish(key, answer)
    return answer
