"""`/v1/duties`."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query

from app.duties import queries, schemas
from app.duties.queries import OPEN, State
from app.kit.page import next_link
from app.tenants.door import Transaction, reads
from app.tenants.list_page import AskedPage

router = APIRouter(prefix="/v1/duties", tags=["duties"])


@router.get("", response_model=schemas.DutyPage)
async def list_duties(
    tx: Annotated[Transaction, reads("duties:read")],
    asked: AskedPage,
    state: Annotated[State | None, Query(description="Left out: everything that is not done.")] = None,
) -> schemas.DutyPage:
    """List everything that runs against a clock, what is due first before the rest."""
    path, states = asked.request.url.path, (state,) if state else OPEN
    filters = {"state": state, "tenant": str(tx.tenant), "path": path}
    keys = tx.run.cursors.read(asked.cursor, filters)
    after = (str(keys[0]), str(keys[1]), str(keys[2])) if keys else None
    rows = await queries.list_duties(tx.session, tx.tenant, states=states, after=after, limit=asked.limit + 1)
    page = tx.run.cursors.cut(rows, asked.limit, key=_key, filters=filters)
    if page.next_cursor is not None:
        query = dict(asked.request.query_params)
        asked.response.headers["link"] = next_link(path, query, page.next_cursor)
    data = [schemas.Duty(**asdict(row) | {"object_id": row.about}) for row in page.rows]
    return schemas.DutyPage(data=data, next_cursor=page.next_cursor, has_more=page.has_more)


def _key(duty: queries.Duty) -> tuple[str, str, str]:
    return duty.due_at.isoformat(), duty.kind, duty.object_id
