"""Write acts for who people are now: between finding somebody and writing about them, they may have been absorbed."""

import dataclasses
from collections.abc import Sequence
from uuid import UUID

from app.consents.acts import RESTRICTING, Entry
from app.consents.restrict import restrict
from app.kit.db import Session
from app.people.still import hold_still


async def hold_people(session: Session, tenant: UUID, entries: Sequence[Entry]) -> Sequence[Entry]:
    """The same lines, for who their people are now; until the transaction ends nobody of them is absorbed.

    Who is restricted is taken (`restrict`); the others are held still at the cost of one lock, which no act that only
    restricts ever waits for.
    """
    # A correction may take away what was given: it restricts as well.
    restricted = {entry.person_id for entry in entries if _restricts(entry)}
    others = {entry.person_id for entry in entries if not _restricts(entry)}
    # Still first: whoever absorbs takes the same two in the same order.
    moved = await hold_still(session, tenant, others) if others else {}
    moved |= await restrict(session, tenant, restricted)
    if not moved:
        return entries
    return [
        dataclasses.replace(entry, person_id=moved[entry.person_id]) if entry.person_id in moved else entry
        for entry in entries
    ]


def _restricts(entry: Entry) -> bool:
    return entry.act in RESTRICTING or entry.circumstances.supersedes_id is not None
