"""What limits a sender now."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.dispatch.capacity_schemas import Capacity
from app.dispatch.errors import BatchUnknown
from app.dispatch.queries import find_batch
from app.dispatch.schemas import BatchId, SenderId
from app.dispatch.tell_capacity import tell_capacity
from app.kit.errors import NotFound
from app.kit.http.openapi import declares
from app.tenants.door import Transaction, reads

router = APIRouter(tags=["senders"])


@router.get("/senders/{sender_id}/capacity", response_model=Capacity, responses=declares(NotFound, BatchUnknown))
async def get_capacity(
    tx: Annotated[Transaction, reads("senders:read")],
    sender_id: SenderId,
    batch: Annotated[BatchId | None, Query(description="Also say when this batch will have been sent.")] = None,
) -> Capacity:
    """See what limits a sender now: its rate, its account's day, a halt; and when a batch will have been sent."""
    if batch is not None and await find_batch(tx.session, tx.tenant, batch) is None:
        raise BatchUnknown
    return await tell_capacity(tx.run.settings, tx.session, tx.tenant, sender_id, batch=batch)
