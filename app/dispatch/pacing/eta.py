"""When a batch will have been sent, if nothing changes: its lane's share of the rate, in turn with its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.dispatch.pacing.lanes import Lane, weights


@dataclass(frozen=True, slots=True)
class Load:
    """What one running batch has still to send."""

    lane: Lane
    left: int


def seconds_to_send(target: Load, others: Sequence[Load], *, rate: float) -> float:
    """Seconds until the last message of `target` is posted, at `rate` messages per second for the whole sender.

    Counted as a flow: lanes by their shares, batches of one lane evenly. Messages that are refused on the way make it
    shorter, 130429 makes it longer.
    """
    # Each neighbour is served as often as the target is, until it has nothing left.
    mine = target.left + sum(min(one.left, target.left) for one in others if one.lane == target.lane)
    work: dict[Lane, float] = {target.lane: float(mine)}
    for one in others:
        if one.lane != target.lane:
            work[one.lane] = work.get(one.lane, 0.0) + one.left
    passed = 0.0
    while work[target.lane] > 0:
        speeds = {lane: share * rate for lane, share in weights(work).items()}
        step = min(work[lane] / speed for lane, speed in speeds.items())
        for lane, speed in speeds.items():
            work[lane] -= speed * step
        passed += step
        work = {lane: left for lane, left in work.items() if left > 1e-9 or lane == target.lane}
        if work[target.lane] <= 1e-9:
            break
    return passed
