"""The edge of this room: WhatsApp's webhook, and what people wrote that a human has to read."""

from fastapi import APIRouter

from app.inbound.api import reviews, stop_codes, webhook
from app.inbound.api.webhook import PATH, receive_webhook

__all__ = ["PATH", "receive_webhook", "router"]

router = APIRouter()
for part in (webhook, reviews, stop_codes):
    router.include_router(part.router)
