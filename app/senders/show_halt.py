"""A halt as a body."""

from app.senders import schemas
from app.senders.halt import Halt
from app.whatsapp.codes import classify


def show_halt(halt: Halt) -> schemas.Halt:
    """Why a sender is silent, with what WhatsApp's code means."""
    return schemas.Halt(
        scope=halt.scope,
        code=halt.code,
        title=None if halt.code is None else classify(halt.code).title,
        since=halt.since,
        until=halt.until,
        half_open=halt.half_open,
    )
