"""Owe somebody a reply: written down in the transaction of what it answers, posted after its commit (`reply`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

from app.kit.db import Session
from app.kit.ids import new_id
from app.kit.sql import sql_beside
from app.optins.words import SayKind
from app.people.find import Known

ReplyKind = Literal["stop_confirmation", "start_help"] | SayKind
WINDOW: Final = timedelta(hours=23, minutes=55)  # Meta's is 24 h (2025-11); the rest is for clocks and the way
# What an answer is for. It rests on the person's own message and never on a consent, so it opens nothing else.
PURPOSE: Final = "inquiry_complaint_response"

_owe = sql_beside(__file__)


@dataclass(frozen=True, slots=True)
class Owed:
    """One reply: to whom, on which number, to which of their messages (`answers`, its fingerprint; `at`: when)."""

    kind: ReplyKind
    sender_id: UUID
    who: Known
    answers: UUID
    at: datetime
    keyword: str | None = None
    scope: str | None = None
    challenge_id: UUID | None = None


async def owe(session: Session, tenant: UUID, replies: Sequence[Owed]) -> None:
    """Write down what is owed; the same answer to the same message is owed once. Too old ones are not owed at all."""
    if not replies:
        return
    await session.execute(
        _owe,
        {
            "tenant": tenant,
            "purpose": PURPOSE,
            "ids": [new_id() for _ in replies],
            "senders": [one.sender_id for one in replies],
            "people": [one.who.person_id for one in replies],
            "aliases": [one.who.alias_id for one in replies],
            "kinds": [one.kind for one in replies],
            "keywords": [one.keyword for one in replies],
            "scopes": [one.scope for one in replies],
            "challenges": [one.challenge_id for one in replies],
            "answers": [one.answers for one in replies],
            "windows": [one.at + WINDOW for one in replies],
        },
    )
