"""Judge what an entry would say as a whole, and fill in what follows from it.

Each judge takes the entry as it would stand (column to value, None where nothing stands) and the present moment, and
gives the columns that follow. Raises Invalid with pointers into the body, or a refusal of its own.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.kit.business_days import add_business_days, is_certain
from app.kit.errors import FieldError, Invalid
from app.registers.errors import DisclosureRefused

Entry = Mapping[str, Any]
Judge = Callable[[Entry, datetime], dict[str, Any]]

HERE = ZoneInfo("Europe/Istanbul")  # where the terms of Turkish law run
NOTIFY_WITHIN = 5  # business days after signing: Law 6698, article 9/5
TELL_BOARD_WITHIN = timedelta(hours=72)  # decision 2019/10 of the Board, 24.01.2019
REFUSED = frozenset({"media", "advertising"})


def judge_transfer(entry: Entry, now: datetime) -> dict[str, Any]:
    """A standard contract that was signed gets its last day of notification."""
    signed, notified = entry.get("signed_on"), entry.get("notified_on")
    _not_later("signed_on", signed, _today(now))
    _not_later("notified_on", notified, _today(now))
    if notified is not None and (signed is None or notified < signed):
        raise _wrong("notified_on", "before_signing", "It cannot be notified before it was signed.")
    if entry["safeguard"] != "standard_contract" or signed is None:
        return {"notify_by": None, "notify_by_certain": True}
    notify_by = add_business_days(signed, NOTIFY_WITHIN)
    return {"notify_by": notify_by, "notify_by_certain": is_certain(signed, notify_by)}


def judge_disclosure(entry: Entry, now: datetime) -> dict[str, Any]:
    """Raises DisclosureRefused for media and advertising, always."""
    if entry["category"] in REFUSED:
        raise DisclosureRefused(
            errors=[FieldError("/category", DisclosureRefused.code, "Nothing is disclosed to this category.")]
        )
    _not_later("disclosed_at", entry["disclosed_at"], now)
    if len(entry.get("people") or ()) > entry["people_count"]:
        raise _wrong("people_count", "too_few", "More people are named than are counted.")
    return {}


def judge_incident(entry: Entry, now: datetime) -> dict[str, Any]:
    """Who tells the Board late has to tell why."""
    detected, board = entry["detected_at"], entry.get("notified_board_at")
    _not_later("detected_at", detected, now)
    for name in ("notified_board_at", "notified_people_at"):
        moment = entry.get(name)
        _not_later(name, moment, now)
        if moment is not None and moment < detected:
            raise _wrong(name, "before_detection", "It cannot be told before it was detected.")
    if board is not None and board > detected + TELL_BOARD_WITHIN and not entry.get("delay_reason"):
        raise _wrong("delay_reason", "missing", "The Board was told later than 72 hours: say why.")
    return {}


def judge_checked(entry: Entry, now: datetime) -> dict[str, Any]:
    """What was checked, signed or changed was so by today."""
    for name in ("checked_on", "rotated_on", "contract_signed_on"):
        _not_later(name, entry.get(name), _today(now))
    return {}


def _today(now: datetime) -> date:
    return now.astimezone(HERE).date()


def _not_later(name: str, value: Any, limit: date | datetime) -> None:
    if value is not None and value > limit:
        raise _wrong(name, "in_the_future", "This lies in the future.")


def _wrong(name: str, code: str, detail: str) -> Invalid:
    return Invalid(errors=[FieldError(f"/{name}", code, detail)])
