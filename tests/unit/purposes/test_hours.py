"""Quiet hours on the clock where the person lives."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.purposes.contact import Bounds, both
from app.purposes.hours import QuietHours, opening

ISTANBUL, BERLIN = ZoneInfo("Europe/Istanbul"), ZoneInfo("Europe/Berlin")
USUAL = QuietHours(time(21), time(9), ISTANBUL)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-11-22T05:59:59", "2026-11-22T06:00:00"),
        ("2026-11-22T06:00:00", "2026-11-22T06:00:00"),
        ("2026-11-22T17:59:59", "2026-11-22T17:59:59"),
        ("2026-11-22T18:00:00", "2026-11-23T06:00:00"),
        ("2026-11-22T22:30:00", "2026-11-23T06:00:00"),
    ],
    ids=["a second too early", "nine o'clock is open", "a second before nine", "nine in the evening", "after midnight"],
)
def test_the_usual_hours_in_istanbul(at: str, opens: str) -> None:
    assert utc(opens) == opening([USUAL], utc(at))


@pytest.mark.parametrize(
    ("ends", "at", "opens"),
    [
        (time(9), "2026-03-28T22:00:00", "2026-03-29T07:00:00"),  # the night is an hour shorter
        (time(9), "2026-10-24T22:00:00", "2026-10-25T08:00:00"),  # … an hour longer
        (time(2, 30), "2026-03-28T22:00:00", "2026-03-29T01:00:00"),  # 02:30 is never shown: the jump opens
        (time(2, 30), "2026-10-24T22:00:00", "2026-10-25T00:30:00"),  # 02:30 is shown twice: first…
        (time(2, 30), "2026-10-25T01:10:00", "2026-10-25T01:30:00"),  # … and, quiet again, second
    ],
)
def test_nights_on_which_the_clock_is_changed(ends: time, at: str, opens: str) -> None:
    assert utc(opens) == opening([QuietHours(time(21), ends, BERLIN)], utc(at))


def test_two_sides_are_open_when_neither_is_quiet() -> None:
    berlin = QuietHours(time(20), time(10), BERLIN)

    assert utc("2026-11-22T09:00:00") == opening([USUAL, berlin], utc("2026-11-22T00:00:00"))
    assert utc("2026-11-23T09:00:00") == opening([USUAL, berlin], utc("2026-11-22T18:30:00"))


def test_hours_that_leave_nothing_open_are_found_out_and_looked_at_again_a_day_later() -> None:
    day, at = QuietHours(time(9), time(21), ISTANBUL), utc("2026-11-22T00:00:00")

    assert opening([USUAL, day], at) is None
    rules = both(Bounds("Europe/Istanbul", time(21), time(9)), Bounds(None, time(9), time(21)))
    assert at + timedelta(days=1) == rules.closed_until(at)


_clock = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@given(
    begins=_clock,
    ends=_clock,
    zone=st.sampled_from([ISTANBUL, BERLIN, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")]),
    at=st.integers(0, 3 * 365 * 86_400).map(lambda seconds: utc("2025-01-01T00:00:00") + timedelta(seconds=seconds)),
)
def test_what_opens_is_open_and_nothing_before_it_was(begins: time, ends: time, zone: ZoneInfo, at: datetime) -> None:
    hours = QuietHours(begins, ends if ends != begins else time((begins.hour + 1) % 24, begins.minute), zone)

    opens = opening([hours], at)

    assert opens is not None
    assert not hours.hold(opens)
    minutes = int((opens - at) / timedelta(minutes=1))
    assert all(hours.hold(at + timedelta(minutes=minute)) for minute in range(minutes))
    assert opens == at or hours.hold(opens - timedelta(seconds=1))
