"""Record who was shown which notice and when, and who acknowledged it. A notice is acknowledged, never accepted.

These are lines of the ledger from which nothing follows for a message: no state is folded from them (Law 6698, article
10; Personal Data Protection Board, decision 2026/347: "read and understood" is all that may be asked).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.consents.acts import Channel
from app.consents.errors import (
    NoticeNotAccepted,
    NoticeTooNew,
    NumberInvalid,
    PersonErased,
    TimeOutOfRange,
    UnknownNoticeVersion,
)
from app.consents.queries import Shown, find_notices
from app.consents.rows import CLOCK_SKEW, Fault, Recorded, time_fault
from app.consents.who import Named, meet, name
from app.kit.clock import utc_now
from app.kit.db import Session
from app.kit.errors import Invalid
from app.kit.sql import sql_beside
from app.runtime import TenantKeys

# Parts of a method that would make an acknowledgement an agreement.
ACCEPTING = ("accept", "agree", "approv", "consent", "kabul", "onay", "riza", "muvafakat")

_acknowledge = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A notice version that a person was shown, and when they acknowledged it, if they did."""

    notice_version_id: UUID
    shown_at: datetime
    channel: Channel
    acknowledged_at: datetime | None = None
    method: str | None = None
    to: str | None = field(default=None, repr=False)
    user_id: str | None = field(default=None, repr=False)


async def acknowledge(
    session: Session,
    tenant: UUID,
    keys: TenantKeys,
    rows: Sequence[Acknowledgement],
    *,
    api_key_id: UUID | None,
    skip: bool = False,
) -> Recorded:
    """Append one line for each showing and one for each acknowledgement; people who are not known yet are made.

    Rows with a fault are left out when `skip`; otherwise one fault means that nothing is recorded.
    """
    notices = await find_notices(session, tenant, {row.notice_version_id for row in rows})
    named: dict[int, Named] = {}
    faults: list[Fault] = []
    now = utc_now()
    for index, row in enumerate(rows):
        who = name(keys, row.to, row.user_id)
        wrong = _judge(row, notices, now)
        if who is None:
            faults.append(Fault(index, "to" if row.user_id is None else "user_id", NumberInvalid))
        elif wrong is not None:
            faults.append(Fault(index, *wrong))
        else:
            named[index] = who
    if faults and not skip:
        return Recorded(0, faults)
    people = await meet(session, tenant, keys, named.values())
    erased = [index for index, who in named.items() if people[who.hash].salt is None]
    faults += [Fault(index, named[index].field, PersonErased) for index in erased]
    if faults and not skip:
        return Recorded(0, faults)
    good = {index: people[who.hash].person_id for index, who in named.items() if index not in set(erased)}
    await _write(session, tenant, rows, good, api_key_id)
    return Recorded(len(good), sorted(faults, key=lambda fault: fault.index))


def _judge(row: Acknowledgement, notices: Mapping[UUID, Shown], now: datetime) -> tuple[str, type[Invalid]] | None:
    """The first thing that is wrong with the row, or None. The number is not looked at here."""
    if time_fault(row.shown_at, None, now) is not None:
        return "shown_at", TimeOutOfRange
    if row.acknowledged_at is not None and not row.shown_at <= row.acknowledged_at <= now + CLOCK_SKEW:
        return "acknowledged_at", TimeOutOfRange
    if row.method is not None and any(word in row.method for word in ACCEPTING):
        return "method", NoticeNotAccepted
    if row.notice_version_id not in notices:
        return "notice_version_id", UnknownNoticeVersion
    if row.shown_at < notices[row.notice_version_id].since - CLOCK_SKEW:
        return "shown_at", NoticeTooNew
    return None


async def _write(
    session: Session,
    tenant: UUID,
    rows: Sequence[Acknowledgement],
    people: Mapping[int, UUID],
    api_key_id: UUID | None,
) -> None:
    indexes = list(people)
    given = {
        "people": list(people.values()),
        "notices": [rows[index].notice_version_id for index in indexes],
        "shown": [rows[index].shown_at for index in indexes],
        "acknowledged": [rows[index].acknowledged_at for index in indexes],
        "channels": [rows[index].channel for index in indexes],
        "methods": [rows[index].method for index in indexes],
    }
    await session.execute(_acknowledge, {"tenant": tenant, "api_key": api_key_id} | given)
