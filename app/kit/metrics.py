"""Prometheus metrics with our prefix, in a registry of our own.

Labels are small closed sets: a room, a state, a status class; never an id, a number or a path with an id in
it. Names are `toplu_<room>_<what>_<unit>`; the prefix is added here.
"""

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

PREFIX = "toplu_"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Seconds. Fine around what a single call should take, coarse where a stream of a million rows ends.
HTTP_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)


class Metrics:
    """One registry and the only way to add to it. Names are given without the prefix."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

    def counter(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Counter:
        """A number that only grows; the exposition ends it in `_total`."""
        return Counter(PREFIX + name, meaning, labels, registry=self.registry)

    def gauge(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Gauge:
        """A number that goes up and down."""
        return Gauge(PREFIX + name, meaning, labels, registry=self.registry)

    def histogram(
        self, name: str, meaning: str, labels: Sequence[str] = (), buckets: Sequence[float] = HTTP_BUCKETS
    ) -> Histogram:
        """A distribution; `buckets` in the unit that the name ends in."""
        return Histogram(PREFIX + name, meaning, labels, registry=self.registry, buckets=buckets)

    def render(self) -> tuple[bytes, str]:
        """The exposition text and its Content-Type."""
        return generate_latest(self.registry), CONTENT_TYPE_LATEST


class HttpMetrics:
    """Count and duration of requests by method, route template and status class (`2xx`)."""

    def __init__(self, metrics: Metrics) -> None:
        labels = ("method", "route", "status")
        self._requests = metrics.counter("http_requests", "Requests answered.", labels)
        self._duration = metrics.histogram(
            "http_request_duration_seconds", "From the first byte in to the last byte out.", labels
        )

    def observe(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Note one answer. `route` is a template (`/v1/things/{id}`) or `unmatched`, never a path."""
        labels = (method if method in METHODS else "other", route, f"{status // 100}xx")
        self._requests.labels(*labels).inc()
        self._duration.labels(*labels).observe(seconds)


metrics = Metrics()
"""The registry of this process: rooms add theirs at import, `/metrics` renders it."""
