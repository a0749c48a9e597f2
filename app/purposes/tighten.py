"""Change a tenant's own contact rules: tighter than the operator's, never looser."""

from datetime import time
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert as upsert

from app.audit.record import record
from app.kit.db import Session
from app.kit.errors import FieldError
from app.purposes.contact import Bounds, both, read_rules
from app.purposes.errors import RulesNeverOpen, RulesTooLoose, UnknownTimeZone
from app.purposes.hours import opening
from app.purposes.models import contact_rules
from app.settings import Settings, is_time_zone


async def tighten(session: Session, tenant: UUID, settings: Settings, own: Bounds, *, actor: str) -> None:
    """Make these the tenant's own rules, all of them: what is None follows the operator.

    Raises UnknownTimeZone, RulesTooLoose (with the fields), RulesNeverOpen. A batch that waits already keeps its time.
    """
    if own.time_zone is not None and not is_time_zone(own.time_zone):
        raise UnknownTimeZone(errors=[FieldError("/time_zone", UnknownTimeZone.code, UnknownTimeZone.message())])
    rules = await read_rules(session, tenant, settings)
    loose = _looser(own, rules.operator)
    if loose:
        raise RulesTooLoose(errors=[FieldError(f"/{at}", RulesTooLoose.code, RulesTooLoose.message()) for at in loose])
    if opening(both(rules.operator, own).quiet, rules.now) is None:
        raise RulesNeverOpen(errors=[FieldError("/quiet_from", RulesNeverOpen.code, RulesNeverOpen.message())])
    values = {
        "time_zone": own.time_zone,
        "quiet_from": own.quiet_from,
        "quiet_until": own.quiet_until,
        "marketing_per_7_days": own.per_7_days,
        "marketing_per_30_days": own.per_30_days,
    }
    kept = upsert(contact_rules).values(tenant_id=tenant, **values)
    changed = values | {"version": contact_rules.c.version + 1, "updated_at": func.clock_timestamp()}
    await session.execute(kept.on_conflict_do_update(index_elements=["tenant_id"], set_=changed))
    detail = {name: value.isoformat("minutes") if isinstance(value, time) else value for name, value in values.items()}
    await record(session, tenant, action="contact_rules.changed", actor=actor, detail=detail)


def _looser(own: Bounds, operator: Bounds) -> list[str]:
    """The fields that would allow what the operator does not. Hours of another zone are an addition, never looser."""
    found = []
    zone = operator.time_zone or "Europe/Istanbul"
    theirs, mine = operator.quiet(zone), own.quiet(zone)
    if theirs is not None and mine is not None and theirs.zone == mine.zone:
        minutes = [time(minute // 60, minute % 60) for minute in range(24 * 60)]
        if any(theirs.cover(at) and not mine.cover(at) for at in minutes):
            found.append("quiet_from")
    if own.per_7_days is not None and operator.per_7_days is not None and own.per_7_days > operator.per_7_days:
        found.append("marketing_per_7_days")
    if own.per_30_days is not None and operator.per_30_days is not None and own.per_30_days > operator.per_30_days:
        found.append("marketing_per_30_days")
    return found
