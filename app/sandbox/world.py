"""Everything the sandbox knows while it runs, and how it starts afresh."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from app.sandbox.compose import Update
from app.sandbox.failures import Json
from app.sandbox.ids import hash_of, person_id
from app.sandbox.knobs import Knobs
from app.sandbox.numbers import Directory, PhoneNumber
from app.sandbox.outbox import Delivery, Outbox
from app.sandbox.templates import Templates
from app.sandbox.truth import Truth

WINDOW_S = 24 * 3600.0  # a person's own message opens the service window for a day
KEPT_MESSAGES = 50_000  # for GET /sandbox/messages; the truth log has them all


@dataclass(frozen=True, slots=True)
class Start:
    """What the program was started with, and what a reset returns to."""

    data: Path
    token: str
    knobs: Knobs
    numbers: list[PhoneNumber]
    templates: bytes | None  # a JSON list
    seed: int


@dataclass(slots=True)
class Journal:
    """The latest accepted messages, numbered from 1 in the order of acceptance."""

    total: int = 0
    kept: list[Json] = field(default_factory=list)

    def add(self, message: Json) -> None:
        """Keep a message; the oldest are dropped in bulk once twice the limit is reached."""
        self.total += 1
        self.kept.append({"seq": self.total, **message})
        if len(self.kept) >= 2 * KEPT_MESSAGES:
            del self.kept[:KEPT_MESSAGES]

    def after(self, seq: int, limit: int) -> list[Json]:
        """Up to `limit` messages numbered above `seq`, oldest first."""
        first = self.total - len(self.kept)
        begin = max(0, seq - first)
        return self.kept[begin : begin + limit]


class World:
    """The state behind all routes; one per program, used from one event loop."""

    def __init__(self, start: Start) -> None:
        self.start = start
        self.truth = Truth(start.data / "truth.ndjson")
        self.rng = random.Random(start.seed)  # noqa: S311 - chance here must be repeatable, not secret
        self.outbox = Outbox(lambda: self.knobs, self.rng, self._heard, self._again)
        self._begin()
        self.templates = Templates(start.data / "templates.json")
        if start.templates is not None:
            self.templates.load(start.templates)

    def _begin(self) -> None:
        self.knobs = self.start.knobs
        self.directory = Directory(list(self.start.numbers))
        self.journal = Journal()
        self.counts: Counter[str] = Counter()
        self.windows: dict[tuple[str, str], float] = {}
        self.stopped: set[str] = set()
        self.rng.seed(self.start.seed)

    def reset(self) -> None:
        """Return to the start: no messages, webhooks or people; its knobs, numbers, templates."""
        self._begin()
        self.outbox.clear()
        self.templates.clear()
        if self.start.templates is not None:
            self.templates.load(self.start.templates)
        self.truth.write("reset")

    def tokens(self) -> set[str]:
        """Every token that is known at all."""
        return {self.start.token} | {n.token for n in self.directory.by_id.values() if n.token}

    def open_window(self, number: PhoneNumber, wa_id: str) -> None:
        """The person wrote to the number: free text is allowed for a day, by number and by person id."""
        for address in (wa_id, person_id(wa_id)):
            self.windows[number.id, address] = time.monotonic() + WINDOW_S

    def window_open(self, number: PhoneNumber, address: str) -> bool:
        """Whether free text may be sent to this address."""
        return self.windows.get((number.id, address), 0.0) > time.monotonic()

    def _heard(self, update: Update) -> None:
        """The callback acknowledged an update for the first time."""
        if update.facts is not None:
            event = str(update.facts["event"])
            self.counts[f"acknowledged_{update.facts.get('status', event)}"] += 1
            self.truth.write(event, **{key: value for key, value in update.facts.items() if key != "event"})

    def _again(self, how: str, delivery: Delivery) -> None:
        """A webhook goes once more: one line however many updates it has, named where it has only one."""
        (first, *more) = delivery.updates
        opaque = first.facts.get("opaque") if first.facts is not None and not more else None
        self.truth.write(how, opaque=opaque, updates=len(delivery.updates), attempt=delivery.attempts + 1)


def address_hash(address: str) -> str:
    """The truth log's form of an address: SHA-256 of `+digits`, or of the business-scoped id."""
    return hash_of(f"+{address}" if address.isdigit() else address)
