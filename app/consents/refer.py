"""Refer to earlier lines of the ledger: to correct one, or to give anew what was given before."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from app.consents.acts import Entry
from app.consents.errors import NotCorrectable, UnknownConsentEvent
from app.consents.judge import Wrong
from app.consents.queries import Line, find_lines
from app.consents.rows import Consent
from app.kit.db import Session
from app.kit.sql import sql_beside

CORRECTABLE = frozenset({"given", "imported", "invalid"})

_corrected = sql_beside(__file__, "corrected")


async def find_referred(session: Session, tenant: UUID, rows: Sequence[Consent]) -> dict[UUID, Line]:
    """The lines that these rows correct or renew; unknown ones are absent."""
    named = {row.circumstances.supersedes_id for row in rows} | {row.circumstances.renews_id for row in rows}
    return await find_lines(session, tenant, [one for one in named if one is not None])


async def find_corrected(session: Session, tenant: UUID, entries: Mapping[int, Entry]) -> list[int]:
    """The places of what was given and corrected before, and is said again in the same words.

    A system that sends its list again must not bring back what was corrected. What corrects a line itself counts.
    """
    given = {
        index: entry
        for index, entry in entries.items()
        if entry.act == "given" and entry.circumstances.supersedes_id is None
    }
    if not given:
        return []
    asked = {
        "tenant": tenant,
        "places": list(given),
        "people": [entry.person_id for entry in given.values()],
        "kinds": [entry.record_kind for entry in given.values()],
        "purposes": [entry.purpose_id for entry in given.values()],
        "times": [entry.occurred_at for entry in given.values()],
    }
    return list(await session.scalars(_corrected, asked))


def fault_of_references(row: Consent, person: UUID, purpose_id: int, referred: Mapping[UUID, Line]) -> Wrong | None:
    """What is wrong with what the row refers to, or None.

    A line is corrected within its person, purpose and kind. What restricts is never corrected away: a refusal that was
    recorded stands until the person gives it anew.
    """
    how = row.circumstances
    for field, named in (("supersedes", how.supersedes_id), ("renews", how.renews_id)):
        if named is None:
            continue
        line = referred.get(named)
        if line is None or (line.person_id, line.record_kind, line.purpose_id) != (person, row.kind, purpose_id):
            return field, UnknownConsentEvent
        if field == "supersedes" and line.act not in CORRECTABLE:
            return field, NotCorrectable
    return None
