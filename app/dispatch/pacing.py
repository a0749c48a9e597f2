"""How fast one sender may speak. Pure arithmetic over a monotonic clock; no I/O.

Meta counts messages per second of the number (80 by default, 1,000 after an upgrade, 20 with the Business app; page of
2026-09). Messages are spaced evenly: a slot each. On 130429 the rate is cut by half and climbs back by a tenth of the
full rate per quiet second, so a number that shares its quota with inbound traffic finds its own level.
"""

from dataclasses import dataclass, field

AHEAD_S = 0.25  # claim only what the pace allows in the next quarter second
MARGIN = 0.97  # stay under Meta's own counter, which also sees inbound messages
SLOWEST = 1.0


@dataclass(slots=True)
class Pace:
    """The slots of one sender. `full_rate` in messages per second; times are `time.monotonic()` seconds."""

    full_rate: float
    now: float
    rate: float = field(init=False)
    _next: float = field(init=False)
    _raised_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.rate = max(SLOWEST, self.full_rate * MARGIN)
        self._next = self.now
        self._raised_at = self.now

    def room(self, now: float) -> int:
        """How many messages fit into the next quarter second from now."""
        self._raise(now)
        start = max(self._next, now)
        return max(0, int((now + AHEAD_S - start) * self.rate) + (1 if start <= now else 0))

    def slot(self, now: float) -> float:
        """Take the next slot: the moment at which one message may be posted."""
        slot = max(self._next, now)
        self._next = slot + 1.0 / self.rate
        return slot

    def give_back(self) -> None:
        """A slot that was taken is not used."""
        self._next -= 1.0 / self.rate

    def wait_s(self, now: float) -> float:
        """Seconds until there is room again."""
        return max(0.0, self._next - now - AHEAD_S / 2)

    def slow_down(self, now: float) -> None:
        """Meta says the number speaks too fast: half the rate, and a pause of one second."""
        self.rate = max(SLOWEST, self.rate / 2)
        self._next = max(self._next, now + 1.0)
        self._raised_at = now + 1.0

    def _raise(self, now: float) -> None:
        quiet_s = now - self._raised_at
        if quiet_s >= 1.0:
            self.rate = min(self.full_rate * MARGIN, self.rate + self.full_rate * 0.1 * int(quiet_s))
            self._raised_at = now
