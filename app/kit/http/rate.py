"""A limit on requests per key, told by the fields of draft-ietf-httpapi-ratelimit-headers-11 (2026-05).

A token bucket in the memory of one process: with n processes a caller gets up to n times the quota. It
protects this service from one loud caller; it is not the pace at which anything is sent.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

from app.kit.errors import TooMany

MOST_KEYS = 50_000


@dataclass(frozen=True, slots=True)
class Quota:
    """`requests` per `window_s` seconds, all of which may come at once."""

    requests: int
    window_s: int
    name: str = "default"

    def __post_init__(self) -> None:
        if self.requests < 1 or self.window_s < 1:
            raise ValueError("A quota has at least one request per window and one second.")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What one request got. `wait_s` is until a request is allowed again (0 when allowed now)."""

    quota: Quota
    allowed: bool
    remaining: int
    wait_s: float
    full_in_s: float

    def headers(self) -> dict[str, str]:
        """RateLimit-Policy and RateLimit; Retry-After comes from the problem."""
        name, quota = self.quota.name, self.quota
        seconds = self.full_in_s if self.allowed else self.wait_s
        return {
            "RateLimit-Policy": f'"{name}";q={quota.requests};w={quota.window_s}',
            "RateLimit": f'"{name}";r={self.remaining};t={ceil(seconds)}',
        }


@dataclass(slots=True)
class RateLimit:
    """Buckets by key, the least recently used forgotten first (a forgotten bucket is a full one)."""

    quota: Quota
    clock: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict, repr=False)

    def take(self, key: str) -> Ticket:
        """Ask for one request; never raises and never waits."""
        now = self.clock()
        per_s = self.quota.requests / self.quota.window_s
        tokens, since = self._buckets.pop(key, (float(self.quota.requests), now))
        tokens = min(float(self.quota.requests), tokens + (now - since) * per_s)
        allowed = tokens >= 1
        tokens -= allowed
        self._buckets[key] = (tokens, now)
        if len(self._buckets) > MOST_KEYS:
            self._buckets.popitem(last=False)
        wait_s = 0.0 if allowed else (1 - tokens) / per_s
        return Ticket(self.quota, allowed, int(tokens), wait_s, (self.quota.requests - tokens) / per_s)

    def enforce(self, key: str) -> Ticket:
        """Like `take`, but raises TooMany with `retry_after_s` when the bucket is empty."""
        ticket = self.take(key)
        if not ticket.allowed:
            raise TooMany(retry_after_s=ticket.wait_s, headers=ticket.headers())
        return ticket
