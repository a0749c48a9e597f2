"""The contact rules in force: the operator's, and the tenant's own beside them: both hold."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Row, text

from app.kit.db import Session
from app.purposes.hours import QuietHours, opening
from app.settings import Settings

log = structlog.get_logger()

NEVER = timedelta(days=1)  # rules that leave nothing open are looked at again after this

_read = text(
    "SELECT business_now() AS now, c.tenant_id, c.time_zone, c.quiet_from, c.quiet_until, c.marketing_per_7_days,"
    " c.marketing_per_30_days, c.updated_at"
    "  FROM (VALUES (1)) AS one (n) LEFT JOIN contact_rules AS c ON c.tenant_id = :tenant"
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """One side's rules; None is no rule of that side. Times are local to `time_zone`, caps are messages per person."""

    time_zone: str | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None
    per_7_days: int | None = None
    per_30_days: int | None = None

    def quiet(self, zone_else: str) -> QuietHours | None:
        """The quiet hours of this side, in its own zone or the other's."""
        if self.quiet_from is None or self.quiet_until is None:
            return None
        return QuietHours(self.quiet_from, self.quiet_until, ZoneInfo(self.time_zone or zone_else))


@dataclass(frozen=True, slots=True)
class ContactRules:
    """What holds for marketing to one person, from both sides. No cap: None."""

    quiet: tuple[QuietHours, ...]
    per_7_days: int | None
    per_30_days: int | None

    @property
    def capped(self) -> bool:
        """Whether anything has to be counted."""
        return self.per_7_days is not None or self.per_30_days is not None

    def binding(self, *, quiet: bool, capped: bool) -> "ContactRules":
        """What of it binds a purpose that has quiet hours, and is capped, or not."""
        return ContactRules(
            self.quiet if quiet else (), self.per_7_days if capped else None, self.per_30_days if capped else None
        )

    def closed_until(self, at: datetime) -> datetime | None:
        """When the quiet hours that hold at that moment are over; None when none hold."""
        opens = opening(self.quiet, at)
        return None if opens == at else opens or at + NEVER


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules as they stand: both sides, what follows from them, and what time it is (business time)."""

    now: datetime
    operator: Bounds
    own: Bounds
    in_force: ContactRules
    updated_at: datetime | None


def operators_bounds(settings: Settings) -> Bounds:
    """The operator's side, from the settings."""
    begins, _, ends = settings.quiet_hours.partition("-")
    off = settings.quiet_hours == "off"
    seven, thirty = settings.marketing_per_7_days, settings.marketing_per_30_days
    return Bounds(
        settings.quiet_hours_zone,
        None if off else time.fromisoformat(begins),
        None if off else time.fromisoformat(ends),
        None if seven == "off" else seven,
        None if thirty == "off" else thirty,
    )


def both(operator: Bounds, own: Bounds) -> ContactRules:
    """Quiet when one side says so; the smaller cap."""
    zone = operator.time_zone or "Europe/Istanbul"
    sides = (operator.quiet(zone), own.quiet(zone))
    return ContactRules(
        tuple(hours for hours in sides if hours is not None),
        _smaller(operator.per_7_days, own.per_7_days),
        _smaller(operator.per_30_days, own.per_30_days),
    )


def _smaller(one: int | None, other: int | None) -> int | None:
    return min((n for n in (one, other) if n is not None), default=None)


async def read_rules(session: Session, tenant: UUID, settings: Settings) -> Rules:
    """The tenant's rules now, in one statement."""
    row = (await session.execute(_read, {"tenant": tenant})).one()
    operator, own = operators_bounds(settings), _own(row)
    return Rules(row.now, operator, own, both(operator, own), row.updated_at)


def _own(row: Row[tuple[object, ...]]) -> Bounds:
    return Bounds(row.time_zone, row.quiet_from, row.quiet_until, row.marketing_per_7_days, row.marketing_per_30_days)


def log_contact_rules_off(settings: Settings) -> None:
    """Say at every start which rules an operator took out of force, and who decided so."""
    named = ("quiet_hours", "marketing_per_7_days", "marketing_per_30_days")
    off = [name for name in named if getattr(settings, name) == "off"]
    if off:
        who = settings.contact_rules_off_acknowledged_by
        log.warning("purposes.contact_rules_off", off=off, acknowledged_by=who)
