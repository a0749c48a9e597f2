"""How often one number may write to one person: one message in 6 s, with 45 borrowed from the future (Meta, 2025-12).

One drainer holds a sender's line, so it knows what was posted. Only pairs that are not at rest are kept: at 80 messages
a second to as many people, 480 of them. A successor begins without them; then WhatsApp's own answer (131056) puts the
pair on hold, and all that was borrowed is paid back long before that message is given up (docs/pacing.md).
"""

from dataclasses import dataclass, field
from uuid import UUID

PAIR_LIMIT = 131056
SPACING_S = 6.0
BURST = 44  # one fewer than Meta lends: its clock starts when the message arrives
_LENT_S = (BURST - 1) * SPACING_S
KEPT = 2_000  # entries before those at rest are dropped


@dataclass(slots=True)
class Pairs:
    """The pairs of one sender that are not at rest; times are `time.monotonic()` seconds."""

    _whole_at: dict[UUID, float] = field(default_factory=dict)  # when nothing is borrowed any more
    _promised: dict[UUID, float] = field(default_factory=dict)  # the turn of the last message that was put off
    _clean_at: int = KEPT

    def wait_s(self, person: UUID, now: float) -> float:
        """Seconds until one more message may go to this person; 0 when it may now."""
        return max(0.0, self._whole_at.get(person, now) - _LENT_S - now)

    def take(self, person: UUID, now: float) -> None:
        """A message to this person is about to be posted."""
        self._whole_at[person] = max(self._whole_at.get(person, now), now) + SPACING_S
        if len(self._whole_at) > self._clean_at:
            self._forget(now)

    def give_back(self, person: UUID) -> None:
        """It was not posted."""
        if person in self._whole_at:
            self._whole_at[person] -= SPACING_S

    def put_off(self, person: UUID, now: float) -> float:
        """Give one message its turn, and say in how many seconds that is. Each has its own, so none comes in vain."""
        free = now + self.wait_s(person, now)
        at = max(free, self._promised.get(person, 0.0) + SPACING_S) if person in self._promised else free
        self._promised[person] = at
        return at - now

    def refused(self, person: UUID, now: float, *, wait_s: float) -> None:
        """WhatsApp said 131056: nothing to this person for so many seconds."""
        self._whole_at[person] = max(self._whole_at.get(person, now), now + wait_s + _LENT_S)

    def _forget(self, now: float) -> None:
        self._whole_at = {person: at for person, at in self._whole_at.items() if at > now}
        self._promised = {person: at for person, at in self._promised.items() if at > now}
        self._clean_at = max(KEPT, 2 * len(self._whole_at))
