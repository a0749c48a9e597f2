"""Halt lines: WhatsApp refused in a way that the next message would meet too. And let them speak again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text

from app.audit.record import record
from app.kit.db import Session
from app.kit.ids import encode
from app.kit.sql import sql_beside
from app.runtime import Runtime
from app.senders.queries import get_sender
from app.senders.token import open_token

# What is silent: this sender; every sender of its WhatsApp Business Account; every sender with its access token.
# `throttled` and `no_answers` are about this sender too, and end by themselves as soon as one message is taken.
HaltScope = Literal["sender", "account", "credentials", "throttled", "no_answers"]

MOST_S = 3600.0  # a wait doubles when the line is halted again within an hour of it, up to this

_halt = sql_beside(__file__)
_resume = sql_beside(__file__, "resume")
_same_account = text("SELECT id FROM senders WHERE tenant_id = :tenant AND waba_id = :waba")
_same_end = text("SELECT id, token_ct FROM senders WHERE tenant_id = :tenant AND token_last4 = :last4")
_halts = text(
    "SELECT sender_id, halted_scope, halted_code, halted_at, halted_until,"
    "       halted_until <= clock_timestamp() AS half_open"
    "  FROM sender_lines WHERE tenant_id = :tenant AND sender_id = ANY (CAST(:senders AS uuid[]))"
    "   AND halted_scope IS NOT NULL AND halted_at IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Halt:
    """Why a line is silent. After `until` it is `half_open`: one message tries, and ends the halt or renews it."""

    scope: HaltScope
    code: int | None
    since: datetime
    until: datetime
    half_open: bool


async def halt_lines(
    run: Runtime,
    session: Session,
    tenant: UUID,
    sender: UUID,
    *,
    code: int | None,
    scope: HaltScope,
    seconds: float,
    version: int | None = None,
) -> int:
    """Keep this line silent for a while, and those that would meet the same. How many were halted now.

    A line that is silent already is left as it is: two workers that meet one refusal halt once.
    `version`: the sender's when its token was read (None: not known). Credentials of another version may be new ones,
    which nobody has refused: then nothing is halted, and whoever posts next finds out.
    """
    senders = await _meeting_the_same(run, session, tenant, sender, scope, version)
    named = {"tenant": tenant, "senders": senders, "code": code, "scope": scope, "seconds": seconds, "most_s": MOST_S}
    halted: int = (await session.execute(_halt, named)).scalar_one()
    return halted


async def _meeting_the_same(
    run: Runtime, session: Session, tenant: UUID, sender_id: UUID, scope: HaltScope, version: int | None
) -> list[UUID]:
    if scope not in ("account", "credentials"):
        return [sender_id]
    sender = await get_sender(session, tenant, sender_id)
    if scope == "account":
        rows = await session.execute(_same_account, {"tenant": tenant, "waba": sender.waba_id})
        return [row.id for row in rows]
    if version is not None and version != sender.version:
        return []
    token = open_token(run, sender.token_ct, sender_id)
    rows = await session.execute(_same_end, {"tenant": tenant, "last4": sender.token_last4})
    return [row.id for row in rows if open_token(run, row.token_ct, row.id) == token]


async def resume_line(session: Session, tenant: UUID, sender: UUID) -> list[UUID]:
    """Let a halted line speak again, and those of its account or token halted for the same. Which they are."""
    return list((await session.execute(_resume, {"tenant": tenant, "sender": sender})).scalars())


async def resume_sender(session: Session, tenant: UUID, sender: UUID, *, actor: str) -> list[UUID]:
    """The same, asked for by somebody: it is audited when anything was halted. Raises NotFound."""
    await get_sender(session, tenant, sender)
    resumed = await resume_line(session, tenant, sender)
    for one in resumed:
        await record(session, tenant, action="sender.resumed", actor=actor, object_id=encode("snd", one))
    return resumed


async def find_halts(session: Session, tenant: UUID, senders: list[UUID]) -> dict[UUID, Halt]:
    """The halts of those of these senders that are halted."""
    rows = await session.execute(_halts, {"tenant": tenant, "senders": senders})
    return {
        row.sender_id: Halt(row.halted_scope, row.halted_code, row.halted_at, row.halted_until, row.half_open)
        for row in rows
    }
