"""List a tenant's duties for the command line."""

from collections.abc import Sequence
from uuid import UUID

from app.cli.errors import Stop
from app.duties.queries import OPEN, STATES, Duty, State, list_duties
from app.runtime import open_runtime
from app.settings import Settings

MOST = 1000


def read_state(text: str | None) -> tuple[State, ...]:
    """The states that were asked for: one by its name, or all that are open. Raises Stop for another word."""
    if text is None:
        return OPEN
    for state in STATES:
        if text == state:
            return (state,)
    raise Stop(f"There is no such state. There are: {', '.join(STATES)}.")


async def find_duties(settings: Settings, tenant: UUID, states: Sequence[State]) -> list[Duty]:
    """The tenant's duties in these states, the one due first before the others; the first thousand."""
    async with open_runtime(settings, "api") as run, run.db.begin(tenant) as session:
        return await list_duties(session, tenant, states=states, limit=MOST)
