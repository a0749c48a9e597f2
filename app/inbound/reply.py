"""Reply: post what is owed, best effort and each at most once, within the window that the person's message opened.

A halted line's replies wait with its campaigns. A refusal that is about the sender costs no try: the window ends it.
A reply is taken in one transaction and posted after its commit, so a crash leaves it `taken` and nobody posts it again.
What one sender replies to one person goes one after the other, as it was owed, whoever posts it; what is to be tried
again later holds up nothing.
"""

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import func, literal, text, update
from sqlalchemy.exc import SQLAlchemyError

from app.inbound.models import chat_replies
from app.inbound.owe import ReplyKind
from app.inbound.sort import CONFIRMATION
from app.inbound.take_owed import Outgoing, take_owed
from app.kit.crypto import Unsealable
from app.optins.compose import note_said
from app.optins.words import SayKind
from app.runtime import Runtime
from app.whatsapp.outcomes import Accepted, Deferred, Halted, NotSent, Outcome, Rejected, Uncertain
from app.whatsapp.payloads import question_message, text_message

log = structlog.get_logger()

AT_ONCE: Final = 8  # posts at the same time: the campaign's own messages share the number's pace
DEADLINE_S: Final = 10.0  # for those of one tenant; what was not begun then waits for the next look
MOST_TRIES: Final = 3
RETRY_S: Final = 5.0
HALTED_S: Final = 60.0  # a token or an account has to be put right by somebody
LOST = (SQLAlchemyError, OSError, TimeoutError, Unsealable, LookupError)

_owing = text("SELECT tenant_id FROM owing_tenants_v1()")


@dataclass(slots=True)
class _Round:
    """One look: what was taken, and what was begun of it."""

    turn: asyncio.Semaphore
    begun: set[UUID] = field(default_factory=set)


async def reply_owed(run: Runtime) -> None:
    """Post what is owed to anybody. Never raises for a failure of the way; a failed look is followed by the next."""
    try:
        async with run.db.begin() as session:
            tenants = list((await session.execute(_owing)).scalars())
        ends = time.monotonic() + DEADLINE_S
        for tenant in tenants:
            if time.monotonic() > ends:
                break  # the next look goes on; a worker that ends waits for this one, twice the deadline at most
            await _reply_tenant(run, tenant)
    except LOST as error:
        log.warning("inbound.replies_given_up", error=type(error).__name__)


async def _reply_tenant(run: Runtime, tenant: UUID) -> None:
    taken = await take_owed(run, tenant)
    by_person: defaultdict[UUID, list[Outgoing]] = defaultdict(list)
    for one in taken:
        by_person[one.person_id].append(one)
    look = _Round(asyncio.Semaphore(AT_ONCE))
    try:
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.gather(*(_reply_person(run, tenant, replies, look) for replies in by_person.values()))
    except TimeoutError:
        left = [one.id for one in taken if one.id not in look.begun]
        log.warning("inbound.replies_late", tenant_id=str(tenant), size=len(left))
        await _give_back(run, tenant, left)


async def _reply_person(run: Runtime, tenant: UUID, replies: list[Outgoing], look: _Round) -> None:
    for one in replies:
        async with look.turn:
            look.begun.add(one.id)
            outcome = await run.whatsapp.post(one.phone_number_id, one.token, _body(one))
        log.info("inbound.replied", tenant_id=str(tenant), kind=one.kind, outcome=type(outcome).__name__)
        await _write_down(run, tenant, one, outcome)


def _body(one: Outgoing) -> bytes:
    opaque = f"{CONFIRMATION}{one.id}"
    if one.buttons:
        return question_message(one.text, one.buttons, opaque=opaque, to=one.to, user_id=one.user_id)
    return text_message(one.text, opaque=opaque, to=one.to, user_id=one.user_id)


async def _write_down(run: Runtime, tenant: UUID, one: Outgoing, outcome: Outcome) -> None:
    table = chat_replies.c
    state, wait_s = _became(outcome)
    tries = one.tries - 1 if _costs_nothing(outcome) else one.tries
    if state == "owed" and tries >= MOST_TRIES:
        state = "refused"
    now = func.clock_timestamp()
    changed: dict[str, Any] = {"state": state, "code": getattr(outcome, "code", None), "tries": tries}
    changed |= {"due_at": now + literal(timedelta(seconds=wait_s))} if state == "owed" else {"done_at": now}
    async with run.db.begin(tenant) as session:
        await session.execute(
            update(chat_replies)
            .where(table.tenant_id == tenant, table.id == one.id, table.state == "taken")
            .values(changed)
        )
        if one.challenge_id is not None and state in ("sent", "refused"):
            await note_said(session, tenant, _say(one.kind), one.challenge_id, said=state == "sent")


def _became(outcome: Outcome) -> tuple[str, float]:
    """The state of a reply after its POST, and in how many seconds it may be tried again."""
    match outcome:
        case Accepted():
            return "sent", 0.0
        case Rejected():
            return "refused", 0.0
        case NotSent():
            return "owed", RETRY_S
        case Deferred(retry_in_s=seconds):
            return "owed", float(seconds)
        case Halted():
            return "owed", HALTED_S
        case Uncertain():
            return "uncertain", 0.0


def _costs_nothing(outcome: Outcome) -> bool:
    """Whether this was no try: nothing left, or the refusal is not about this reply."""
    match outcome:
        case NotSent() | Halted() | Deferred(retries=None):
            return True
        case _:
            return False


async def _give_back(run: Runtime, tenant: UUID, ids: list[UUID]) -> None:
    """Nothing of these was posted: they are owed as before."""
    table = chat_replies.c
    async with run.db.begin(tenant) as session:
        await session.execute(
            update(chat_replies)
            .where(table.tenant_id == tenant, table.id.in_(ids), table.state == "taken")
            .values(state="owed", tries=table.tries - 1)
        )


def _say(kind: ReplyKind) -> SayKind:
    assert kind != "stop_confirmation"
    assert kind != "start_help"
    return kind
