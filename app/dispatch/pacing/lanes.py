"""Whose turn it is: one-time codes before updates before marketing, and a share for each, so that none starves.

A lane is the category of the template as WhatsApp keeps it. While all three have something to send, each gets its
share; the share of an idle lane goes to the most urgent busy one.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal

Lane = Literal["otp", "utility", "marketing"]

SHARES: dict[Lane, float] = {"otp": 0.5, "utility": 0.3, "marketing": 0.2}  # in the order of urgency; ours
LANES: tuple[Lane, ...] = tuple(SHARES)
CATEGORIES: dict[Lane, str] = {"otp": "authentication", "utility": "utility", "marketing": "marketing"}


def weights(busy: Collection[Lane]) -> dict[Lane, float]:
    """The share of each busy lane, most urgent first; together 1."""
    ordered = [lane for lane in LANES if lane in busy]
    shared = {lane: SHARES[lane] for lane in ordered}
    if ordered:
        shared[ordered[0]] += 1.0 - sum(shared.values())
    return shared


@dataclass(slots=True)
class Turns:
    """Deals the slots of one sender out to its lanes, and remembers fractions."""

    _credit: dict[Lane, float] = field(default_factory=lambda: dict.fromkeys(LANES, 0.0))

    def deal(self, room: int, busy: Collection[Lane]) -> dict[Lane, int]:
        """How many of `room` slots each busy lane gets, most urgent first.

        Over any run of rounds with the same busy lanes a lane's slots are its share of them, to within two.
        """
        shared = weights(busy)
        if len(shared) < 2:
            return dict.fromkeys(shared, room)
        dealt: dict[Lane, int] = dict.fromkeys(shared, 0)
        for lane in LANES:
            if lane not in shared:
                self._credit[lane] = 0.0  # who had nothing to send saves nothing up
        for _ in range(room):
            for lane, share in shared.items():
                self._credit[lane] += share
            turn = max(shared, key=lambda lane: self._credit[lane])
            self._credit[turn] -= 1.0
            dealt[turn] += 1
        return dealt
