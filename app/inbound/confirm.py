"""Confirm a STOP: one neutral message, within the window that the person's own message opened."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog
from sqlalchemy.exc import SQLAlchemyError

from app.inbound.hear import Owed
from app.inbound.sort import CONFIRMATION
from app.kit.clock import utc_now
from app.kit.crypto import Unsealable
from app.runtime import Runtime
from app.senders.queries import find_sender
from app.senders.token import open_token
from app.whatsapp.payloads import text_message

log = structlog.get_logger()

CONFIRMATION_TEXT: Final = (
    "Talebiniz alındı. Size artık tanıtım mesajı göndermeyeceğiz.\n"
    "Your request was received. We will send you no more promotional messages."
)
WINDOW: Final = timedelta(hours=23, minutes=55)  # Meta's is 24 h (2025-11); the rest is for clocks and the way
AT_ONCE: Final = 8  # posts at the same time: the campaign's own messages share the number's pace
DEADLINE_S: Final = 10.0  # for all together; what was not posted then is not posted


@dataclass(frozen=True, slots=True)
class _Voice:
    phone_number_id: str
    token: str = field(repr=False)


async def confirm_all(run: Runtime, owed: Sequence[Owed]) -> None:
    """Post the confirmations that are owed, best effort and each at most once. Never raises for a failure of the way.

    Called after the commit that made the STOP hold. Old messages, and those to a paused sender, get none.
    """
    turn = asyncio.Semaphore(AT_ONCE)
    opened = utc_now() - WINDOW
    in_time = [one for one in owed if one.at > opened]
    try:
        async with asyncio.timeout(DEADLINE_S):
            voices = await _find_voices(run, in_time)
            await asyncio.gather(
                *(_confirm(run, voices[one.sender_id], one, turn) for one in in_time if one.sender_id in voices)
            )
    except (SQLAlchemyError, OSError, TimeoutError, Unsealable) as error:
        log.warning("inbound.confirmations_given_up", size=len(in_time), error=type(error).__name__)


async def _find_voices(run: Runtime, owed: Sequence[Owed]) -> dict[UUID, _Voice]:
    voices: dict[UUID, _Voice] = {}
    for tenant, sender_id in {(one.tenant, one.sender_id) for one in owed}:
        async with run.db.begin(tenant) as session:
            sender = await find_sender(session, tenant, sender_id)
        if sender is not None and sender.state == "active":
            voices[sender_id] = _Voice(sender.phone_number_id, open_token(run, sender.token_ct, sender_id))
    return voices


async def _confirm(run: Runtime, voice: _Voice, owed: Owed, turn: asyncio.Semaphore) -> None:
    names = dict(owed.aliases)
    body = text_message(
        CONFIRMATION_TEXT,
        opaque=f"{CONFIRMATION}{uuid4()}",
        to=names.get("phone"),
        user_id=None if "phone" in names else names.get("bsuid"),
    )
    async with turn:
        outcome = await run.whatsapp.post(voice.phone_number_id, voice.token, body)
    log.info("inbound.confirmed", sender_id=str(owed.sender_id), outcome=type(outcome).__name__)
