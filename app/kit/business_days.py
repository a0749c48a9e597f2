"""Business days in Türkiye: Monday to Friday without the days of Law 2429.

A half day (28 October and the eves of both religious feasts, a holiday from 13:00 on) counts as a business day:
offices are open in the morning, Law 2429 calls only the afternoon a holiday, and of two readings this one lets a
term end earlier. Saturdays and leave that a government grants its own staff do not make a term longer either way.

Religious feasts follow the moon. The library that knows them has the official dates up to 2032 (holidays 0.109) and
estimates later ones. A year whose feasts are not known is counted Monday to Friday without the fixed holidays only,
so a term ends too early there and never too late (from 2101 on the library knows no holidays at all);
`is_certain` says so, and the log once per year and process.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import structlog
from holidays import country_holidays

log = structlog.get_logger()

FEASTS = ("Ramazan Bayramı", "Kurban Bayramı")
ESTIMATED = "(tahmini)"
SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Year:
    """The whole-day holidays of a year; `known` when its religious feasts are official ones."""

    holidays: frozenset[date]
    known: bool


def is_business_day(day: date) -> bool:
    """Whether offices are open on that day, also if only in the morning."""
    return day.weekday() < SATURDAY and day not in _year(day.year).holidays


def add_business_days(start: date, count: int) -> date:
    """The day on which the `count`-th business day after `start` falls; `start` itself is not counted.

    Raises ValueError for a negative count. Zero is `start`, whatever day that is.
    """
    if count < 0:
        raise ValueError("Business days are counted forward.")
    day = start
    for _ in range(count):
        day += _DAY
        while not is_business_day(day):
            day += _DAY
    return day


def business_days_between(start: date, end: date) -> int:
    """How many business days lie after `start`, up to and with `end`. Raises ValueError when `end` is earlier."""
    if end < start:
        raise ValueError("The end lies before the start.")
    return sum(is_business_day(start + step * _DAY) for step in range(1, (end - start).days + 1))


def is_certain(start: date, end: date) -> bool:
    """Whether the feasts of every year from `start` to `end` are official: otherwise a count between is too low."""
    return all(_year(year).known for year in range(start.year, end.year + 1))


@lru_cache(maxsize=128)
def _year(year: int) -> _Year:
    found = country_holidays("TR", years=year, expand=False, language="tr")
    official = {day: [name for name in found.get_list(day) if ESTIMATED not in name] for day in found}
    names = {name for listed in official.values() for name in listed}
    known = names.issuperset(FEASTS)
    if not known:
        log.warning("business_days.feasts_unknown", year=year)
    return _Year(frozenset(day for day, listed in official.items() if listed), known)
