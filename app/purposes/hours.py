"""Quiet hours: when a person is left alone, on the clock where they live. Pure; the caller says what time it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MOST_STEPS = 64  # hours that leave nothing open are found out after about a month of them
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begins` until `ends`, local time; they may run over midnight. `begins` is quiet, `ends` is not."""

    begins: time
    ends: time
    zone: ZoneInfo

    def hold(self, at: datetime) -> bool:
        """Whether it is quiet at that moment."""
        return self.cover(at.astimezone(self.zone).time())

    def cover(self, local: time) -> bool:
        """Whether that time of day is quiet."""
        if self.begins < self.ends:
            return self.begins <= local < self.ends
        return local >= self.begins or local < self.ends

    def over(self, at: datetime) -> datetime:
        """The first moment after `at` at which it is no longer quiet, in UTC.

        Where the clock jumps over `ends`, that is the jump; where it shows `ends` twice, the first that is to come.
        """
        today = at.astimezone(self.zone).date()
        shown = [moment for days in range(3) for moment in self._moments(today + timedelta(days=days))]
        return next(moment for moment in shown if moment > at and not self.hold(moment))

    def _moments(self, day: date) -> list[datetime]:
        """When the clock shows `ends` on that day: once, twice, or at the jump that leaves it out."""
        earlier, later = sorted(
            datetime.combine(day, self.ends, self.zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)
        )
        if earlier.astimezone(self.zone).replace(tzinfo=None) == datetime.combine(day, self.ends):
            return [earlier, later]
        while later - earlier > SECOND:  # a jump lies between the two readings
            middle = earlier + (later - earlier) // 2
            before = middle.astimezone(self.zone).utcoffset() == earlier.astimezone(self.zone).utcoffset()
            earlier, later = (middle, later) if before else (earlier, middle)
        return [later.replace(microsecond=0)]


def opening(quiet: Sequence[QuietHours], at: datetime) -> datetime | None:
    """The first moment from `at` on at which none of them is quiet: `at` itself when it is so now. None: never."""
    for _ in range(MOST_STEPS):
        holding = [hours for hours in quiet if hours.hold(at)]
        if not holding:
            return at
        at = max(hours.over(at) for hours in holding)
    return None
