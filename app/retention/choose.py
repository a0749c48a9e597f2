"""Choose how long something is kept, within what the law leaves open."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert

from app.kit.db import Session
from app.kit.errors import FieldError, Invalid
from app.purposes.errors import UnknownPurpose
from app.purposes.queries import find_purpose
from app.retention.errors import EvidenceOutlived, RetentionOutOfBounds, UnknownDataClass
from app.retention.models import retention_rules
from app.retention.queries import evidence_is_outlived, list_bounds

OF_EVERY_PURPOSE = frozenset(
    {"heard_messages", "requests", "reviews", "chat_replies", "audit_events", "destruction_log"}
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A number of days for a class, of one purpose or of all; None gives the default back."""

    data_class: str
    purpose: str | None
    keep_days: int | None


async def choose(session: Session, tenant: UUID, choices: Sequence[Choice]) -> None:
    """Put these choices in the place of what was chosen for the same class and purpose.

    Raises UnknownDataClass, UnknownPurpose, RetentionOutOfBounds, and EvidenceOutlived when consents would go before
    the records of messages that rest on them.
    """
    bounds = await list_bounds(session)
    for place, choice in enumerate(choices):
        least, most = bounds.get(choice.data_class, (None, None))
        if least is None or most is None:
            raise _at(UnknownDataClass, place, "data_class")
        if choice.keep_days is not None and not least <= choice.keep_days <= most:
            raise _at(RetentionOutOfBounds, place, "keep_days")
        await _write(session, tenant, choice, place)
    if await evidence_is_outlived(session):
        raise EvidenceOutlived


async def _write(session: Session, tenant: UUID, choice: Choice, place: int) -> None:
    purpose_id = 0
    if choice.purpose is not None:
        purpose = await find_purpose(session, choice.purpose)
        if purpose is None or choice.data_class in OF_EVERY_PURPOSE:
            raise _at(UnknownPurpose, place, "purpose")
        purpose_id = purpose.id
    key = {"tenant_id": tenant, "data_class": choice.data_class, "purpose_id": purpose_id}
    if choice.keep_days is None:
        rule = retention_rules.c
        await session.execute(
            delete(retention_rules).where(
                rule.tenant_id == tenant, rule.data_class == choice.data_class, rule.purpose_id == purpose_id
            )
        )
        return
    said = {"keep_days": choice.keep_days, "set_at": func.clock_timestamp()}
    await session.execute(
        insert(retention_rules).values(key | said).on_conflict_do_update(index_elements=list(key), set_=said)
    )


def _at(error: type[Invalid], place: int, field: str) -> Invalid:
    return error(errors=[FieldError(f"/rules/{place}/{field}", error.code, error.message())])
