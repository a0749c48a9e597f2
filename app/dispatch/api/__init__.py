"""The edge of this room: batches, their recipients, their messages, and what limits a sender."""

from fastapi import APIRouter

from app.dispatch.api import batches, capacity, messages, recipients

router = APIRouter(prefix="/v1")
router.include_router(batches.router)
router.include_router(recipients.router)
router.include_router(messages.router)
router.include_router(capacity.router)
