"""Outcomes become rows: a message's state, its line in the delivery log and the counters, in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from app.dispatch.held import Hold, Leased, Unbuildable, wamid_hash
from app.dispatch.states import MOST_SENDS, State
from app.kit.db import Session, plan_once
from app.kit.sql import sql_beside
from app.runtime import TenantKeys
from app.whatsapp.outcomes import Accepted, Deferred, Halted, NotSent, Outcome, Rejected, Uncertain

_record = sql_beside(__file__)

SHORT_S = 60.0  # delays below this grow when they repeat…
MAX_RETRY_S = 900.0  # …up to this; longer ones are Meta's own and stay as they are
NOT_SENT_RETRY_S = 1.0
RESEND_AFTER_S = 30.0  # at least once: a status may still tell what became of the message, so it is waited for


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is written of one posted message. `burnt` 1: it was an attempt; 0: no byte can have left.

    `unsure`: back to the queue, to be posted again, although WhatsApp may have taken it.
    `claim` ties it to one claim: written again after the message was claimed anew, it changes nothing.
    """

    id: UUID
    state: State
    wamid: str | None = None
    meta_code: int | None = None
    reason: str | None = None
    retry_s: float = 0.0
    burnt: int = 1
    unsure: bool = False
    claim: int | None = None


def verdict_of(message: Leased, outcome: Outcome | Unbuildable, *, resend: bool = False) -> Verdict:
    """Where an outcome leads. The only place that says so. `resend`: its batch asked for at least once."""
    claim = message.claim
    match outcome:
        case Accepted():
            held = "held_for_quality" if outcome.held else None
            return Verdict(message.id, State.SENT, wamid=outcome.wamid, reason=held, claim=claim)
        case NotSent():
            return Verdict(message.id, State.QUEUED, reason=outcome.why, retry_s=NOT_SENT_RETRY_S, burnt=0, claim=claim)
        case Halted():
            return Verdict(message.id, State.QUEUED, meta_code=outcome.code, reason="line_halted", burnt=0, claim=claim)
        case Deferred():
            return _deferred(message, outcome)
        case Rejected():
            return Verdict(message.id, State.FAILED, meta_code=outcome.code, reason=outcome.klass.value, claim=claim)
        case Uncertain() if resend and message.attempts + 1 < MOST_SENDS:
            why, code = outcome.why, outcome.code
            return Verdict(message.id, State.QUEUED, None, code, why, RESEND_AFTER_S, unsure=True, claim=claim)
        case Uncertain():
            return Verdict(message.id, State.UNCERTAIN, meta_code=outcome.code, reason=outcome.why, claim=claim)
        case Unbuildable():
            return Verdict(message.id, State.FAILED, reason="unbuildable", burnt=0, claim=claim)
        case _:
            assert_never(outcome)


def pair_waits(message: Leased, wait_s: float) -> Verdict:
    """Not posted: the person was written to too often just now. It waits for its turn, and it was no attempt."""
    return Verdict(message.id, State.QUEUED, reason="pair_rate", retry_s=wait_s, burnt=0, claim=message.claim)


def _deferred(message: Leased, outcome: Deferred) -> Verdict:
    """Later: a short delay 4 times as long each time (131056: Meta, 2025-12), a long one as the table says.

    What is not held against the message burns no attempt; otherwise the table's retries end in a failure.
    """
    burnt = 0 if outcome.retries is None else 1
    if outcome.retries is not None and message.attempts >= outcome.retries:
        return Verdict(message.id, State.FAILED, meta_code=outcome.code, reason="attempts_used_up", claim=message.claim)
    retry_s = grown_s(outcome.retry_in_s, message.attempts)
    return Verdict(
        message.id,
        State.QUEUED,
        meta_code=outcome.code,
        reason="provider_later",
        retry_s=retry_s,
        burnt=burnt,
        claim=message.claim,
    )


def grown_s(first_s: float, attempts: int) -> float:
    """A short delay 4 times as long with each attempt, up to a quarter of an hour; a long one as it is. Seconds."""
    return min(first_s * 4.0**attempts, MAX_RETRY_S) if first_s < SHORT_S else float(first_s)


async def record(session: Session, hold: Hold, keys: TenantKeys, verdicts: Sequence[Verdict]) -> int:
    """Write the set and say how many rows it changed: fewer than given when somebody was faster, which is lawful."""
    if not verdicts:
        return 0
    await plan_once(session)
    result = await session.execute(
        _record,
        {
            "tenant": hold.tenant,
            "fence": hold.fence,
            "ids": [verdict.id for verdict in verdicts],
            "states": [verdict.state.value for verdict in verdicts],
            "wamid_hashes": [verdict.wamid and wamid_hash(keys, verdict.wamid) for verdict in verdicts],
            "codes": [verdict.meta_code for verdict in verdicts],
            "reasons": [verdict.reason for verdict in verdicts],
            "retries_s": [verdict.retry_s for verdict in verdicts],
            "burnt": [verdict.burnt for verdict in verdicts],
            "unsure": [verdict.unsure for verdict in verdicts],
            "claims": [verdict.claim for verdict in verdicts],
        },
    )
    recorded: int = result.scalar_one()
    return recorded
