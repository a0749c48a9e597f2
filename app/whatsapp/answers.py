"""Read what the Cloud API answered to one POST and give it its outcome.

Source: Meta, "Messages API" (2026-03, 2026-05) for the 200 answer, "Error codes" (2026-09) for the error
object. Nothing of the answer but codes and ids is kept: Meta's texts may repeat the number written to.
"""

from __future__ import annotations

import re
from typing import Any, Final, assert_never

import msgspec
import structlog

from app.kit.metrics import metrics
from app.whatsapp.codes import ErrorClass, ErrorRule, classify
from app.whatsapp.outcomes import Accepted, Deferred, DeferScope, Halted, Outcome, Rejected, Uncertain

_ID: Final = re.compile(r"[!-~]{1,512}", re.ASCII)  # printable, no spaces: safe to store and to log
_TRACE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)

# One message could be tried again: is it about this recipient, or about everything the sender does?
_WHOLE_SENDER_CODES: Final = frozenset({133008, 133009, 133015, 133016})

_unknown = metrics.counter(
    "whatsapp_unknown_codes_unsure", "Answers under HTTP 5xx with a code that has no row in our table: uncertain."
)

log = structlog.get_logger(__name__)


def read_answer(status: int, raw: bytes) -> Outcome:
    """Classify a complete answer by its content; the HTTP status decides only what the content leaves open.

    A JSON object with a Graph error is judged by its code. A 2xx JSON object without one is `Accepted`.
    All else (HTML, empty, cut, a redirect, a proxy's page, whatever the status) proves nothing: `Uncertain`.
    """
    try:
        answer = msgspec.json.decode(raw)
    except (ValueError, RecursionError):  # DecodeError and UnicodeDecodeError are ValueErrors
        return Uncertain("answer_unreadable" if status < 300 else f"http_{status}")
    if not isinstance(answer, dict):
        return Uncertain("answer_unreadable" if status < 300 else f"http_{status}")
    error = answer.get("error")
    if isinstance(error, dict) and type(error.get("code")) is int and abs(error["code"]) < 2**31:
        return _refusal(status, error)
    if 200 <= status < 300 and error is None:
        return _acceptance(answer)
    return Uncertain(f"http_{status}")


def _acceptance(answer: dict[str, Any]) -> Accepted:
    message = _first(answer.get("messages"))
    contact = _first(answer.get("contacts"))
    held = message.get("message_status") in ("held_for_quality_assessment", "paused")
    return Accepted(_id(message.get("id")), _id(contact.get("wa_id")), held)


def _refusal(status: int, error: dict[str, Any]) -> Outcome:
    code: int = error["code"]
    trace = error.get("fbtrace_id")
    readable = isinstance(trace, str) and _TRACE.fullmatch(trace)
    # The trace id is the only handle Meta's support accepts.
    log.info("whatsapp.refused", code=code, http_status=status, trace=trace if readable else None)
    rule = classify(code)
    if status >= 500 and not rule.definite:
        if rule.klass is ErrorClass.UNKNOWN:
            # Nothing may be concluded for the message, but the code is news all the same.
            log.error("whatsapp.unknown_code", code=code, http_status=status)
            _unknown.inc()
        return Uncertain("meta_unsure", code)
    return outcome_of(rule)


def outcome_of(rule: ErrorRule) -> Deferred | Rejected | Halted:
    """Turn a row of the table into what happens to the message."""
    match rule.klass:
        case ErrorClass.BACKOFF:
            return Deferred(rule.code, rule.delay_s or 1, "sender", rule.retries)
        case ErrorClass.LATER:
            scope: DeferScope = "sender" if rule.code in _WHOLE_SENDER_CODES else "recipient"
            return Deferred(rule.code, rule.delay_s or 1, scope, rule.retries)
        case ErrorClass.PAUSE_SENDER:
            return Halted(rule.code, "sender")
        case ErrorClass.PAUSE_TEMPLATE:
            return Halted(rule.code, "template")
        case ErrorClass.PAUSE_ACCOUNT:
            return Halted(rule.code, "account")
        case ErrorClass.CREDENTIALS:
            return Halted(rule.code, "credentials")
        case ErrorClass.NEVER_RECIPIENT | ErrorClass.FIX | ErrorClass.UNKNOWN:
            return Rejected(rule.code, rule.klass)
        case _:
            assert_never(rule.klass)


def _first(items: object) -> dict[str, Any]:
    """The first object of a list, or an empty one when there is none."""
    return items[0] if isinstance(items, list) and items and isinstance(items[0], dict) else {}


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and _ID.fullmatch(value) else None
