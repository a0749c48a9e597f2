"""How fast one number may speak.

Meta counts messages per second of the number (80 by default, 1,000 after an upgrade, 20 with the Business app; page of
2026-09). Messages are spaced evenly: a slot each, and the slots of a twentieth of a second are used together, because a
message that is posted alone costs the worker much more (850 us instead of 520 at 1,000 a second, 2026-11). A drainer
that was held up catches up half a second of missed slots, no more: less than the second's worth that Meta lets come
at once. On 130429 the rate is cut by half and climbs back by a tenth of the full rate per quiet second, so a number
that shares its quota with inbound traffic finds its own level.
"""

import math
from dataclasses import dataclass, field

AHEAD_S = 0.25  # claim only what the pace allows in the next quarter second
STEP_S = 0.05  # the slots of so long are used together, at its end
CATCH_UP_S = 0.5  # of missed slots may still be used: half of what Meta lets come at once
MARGIN = 0.98  # stay under Meta's own counter, which also sees inbound messages
SLOWEST = 1.0
QUIET_S = 5.0  # an older trace is of somebody who left, or died and whose lease ran out: nobody spoke for seconds
PAUSE_S = 1.0  # of silence after 130429; answers to what was under way meanwhile cut no deeper
CLIMB = 0.1  # of the full rate, per quiet second


@dataclass(frozen=True, slots=True)
class Trace:
    """What a drainer leaves to its successor: its rate, its age, and how far ahead its slots were taken, in seconds."""

    rate: float
    age_s: float
    ahead_s: float


@dataclass(slots=True)
class Pace:
    """The slots of one sender. `full_rate` in messages per second; times are `time.monotonic()` seconds."""

    full_rate: float
    now: float
    rate: float = field(init=False)
    _next: float = field(init=False)
    _raised_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.rate = self.most
        self._next = self.now
        self._raised_at = self.now

    @property
    def most(self) -> float:
        """The rate when nothing was refused."""
        return max(SLOWEST, self.full_rate * MARGIN)

    def take_over(self, trace: Trace, now: float) -> None:
        """Go on where the last drainer stopped: not faster than it was, and not in its slots.

        After seconds in which nobody spoke, Meta lends all of its burst again: missed slots are caught up as ever.
        """
        climbed = trace.rate + self.full_rate * CLIMB * max(0.0, trace.age_s)
        self.rate = min(self.most, max(SLOWEST, climbed))
        ahead_s = min(max(0.0, trace.ahead_s), PAUSE_S + AHEAD_S)
        self._next = now - CATCH_UP_S if trace.age_s > QUIET_S + ahead_s else max(self._next, now + ahead_s)

    def ahead_s(self, now: float) -> float:
        """Seconds from now up to the first free slot."""
        return max(0.0, self._next - now)

    def room(self, now: float) -> int:
        """How many messages fit into the next quarter second from now."""
        self._raise(now)
        start = max(self._next, now - CATCH_UP_S)
        return max(0, int((now + AHEAD_S - start) * self.rate) + (1 if start <= now else 0))

    def slot(self, now: float) -> float:
        """Take the next slot: the moment at which one message may be posted, at once if it has passed."""
        slot = max(self._next, now - CATCH_UP_S)
        self._next = slot + 1.0 / self.rate
        if slot <= now:
            return slot
        return self.now + math.ceil((slot - self.now) / STEP_S) * STEP_S  # each sender has steps of its own

    def give_back(self) -> None:
        """A slot that was taken is not used."""
        self._next -= 1.0 / self.rate

    def wait_s(self, now: float) -> float:
        """Seconds until there is room again."""
        return max(0.0, self._next - now - AHEAD_S / 2)

    def slow_down(self, now: float) -> None:
        """Meta says the number speaks too fast: half the rate, and a pause of one second.

        Messages that were under way when it was said meet the same answer; they do not cut it again.
        """
        if now < self._raised_at:
            return
        self.rate = max(SLOWEST, self.rate / 2)
        self._next = max(self._next, now + PAUSE_S)
        self._raised_at = now + PAUSE_S

    def _raise(self, now: float) -> None:
        quiet_s = now - self._raised_at
        if quiet_s >= 1.0:
            self.rate = min(self.most, self.rate + self.full_rate * CLIMB * int(quiet_s))
            self._raised_at = now
