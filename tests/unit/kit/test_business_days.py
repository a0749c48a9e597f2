"""Business days: fixed holidays, feasts that wander, half days, and years that nobody knows yet."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit import business_days
from app.kit.business_days import add_business_days, business_days_between, is_business_day, is_certain

DAYS = st.dates(date(2015, 1, 1), date(2045, 12, 31))
COUNTS = st.integers(0, 40)


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-11-16", 5, "2026-11-23"),  # Monday to Monday
        ("2026-11-20", 5, "2026-11-27"),  # Friday to Friday
        ("2026-11-21", 1, "2026-11-23"),  # from a Saturday
        ("2026-05-25", 5, "2026-06-04"),  # Kurban Bayramı on 27 to 30 May; its eve, the 26th, counts
        ("2026-03-18", 5, "2026-03-26"),  # Ramazan Bayramı on 20 to 22 March; its eve, the 19th, counts
        ("2026-10-27", 1, "2026-10-28"),  # the half day before the Republic's
        ("2026-10-28", 1, "2026-10-30"),
        ("2026-12-31", 1, "2027-01-04"),  # New Year's Day is a Friday
        ("2026-11-22", 0, "2026-11-22"),
    ],
)
def test_a_term_ends_on_the_nth_business_day_after_its_start(start: str, count: int, end: str) -> None:
    assert date.fromisoformat(end) == add_business_days(date.fromisoformat(start), count)


@given(DAYS, COUNTS)
def test_adding_and_counting_are_each_others_inverse(start: date, count: int) -> None:
    end = add_business_days(start, count)

    assert count == business_days_between(start, end)
    assert count == 0 or is_business_day(end)


@given(DAYS, COUNTS)
def test_a_later_start_never_ends_earlier_and_a_longer_term_always_later(start: date, count: int) -> None:
    end = add_business_days(start, count)

    assert end <= add_business_days(start + timedelta(days=1), count)
    assert end < add_business_days(start, count + 1)


@given(DAYS, st.integers(0, 60), st.integers(0, 60))
def test_counts_of_neighbouring_spans_add_up(start: date, first: int, second: int) -> None:
    middle, end = start + timedelta(days=first), start + timedelta(days=first + second)

    parts = business_days_between(start, middle) + business_days_between(middle, end)

    assert parts == business_days_between(start, end)


@given(DAYS)
def test_no_weekend_and_no_fixed_holiday_is_a_business_day(day: date) -> None:
    closed = day.weekday() >= 5 or (day.month, day.day) in {(1, 1), (4, 23), (5, 1), (5, 19), (8, 30), (10, 29)}

    assert not (closed and is_business_day(day))


def test_the_feasts_of_the_years_to_come_are_known() -> None:
    """Red a year before the library's official dates end: take a newer one then."""
    this_year = date.today().year  # noqa: DTZ011 - a calendar's year

    assert is_certain(date(2015, 1, 1), date(this_year + 2, 12, 31))


def test_a_year_whose_feasts_are_estimated_is_counted_without_them_and_says_so(
    log_lines: Callable[[], list[dict[str, object]]],
) -> None:
    business_days._year.cache_clear()
    estimated_feast = date(2034, 12, 13)  # a Wednesday: the second day of Ramazan Bayramı, as far as one can say

    assert is_business_day(estimated_feast)
    assert not is_business_day(date(2035, 1, 1))
    assert not is_certain(date(2032, 12, 30), date(2034, 1, 3))
    assert is_certain(date(2032, 12, 1), date(2032, 12, 31))

    told = [line["year"] for line in log_lines() if line["event"] == "business_days.feasts_unknown"]
    assert sorted(set(told)) == sorted(told)
    assert 2034 in told


def test_a_span_that_runs_backwards_is_refused() -> None:
    with pytest.raises(ValueError, match="forward"):
        add_business_days(date(2026, 1, 1), -1)
    with pytest.raises(ValueError, match="before"):
        business_days_between(date(2026, 1, 2), date(2026, 1, 1))
