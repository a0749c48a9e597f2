"""Meta's error codes as data: one row per code, and what a sender must do about it.

Source: Meta, "Error codes" (support/error-codes), versions of December 2025 and September 2026; titles
shortened. Classes and delays are ours unless Meta names one (131056: 4^x seconds; 131049: not within 24 h;
132015: paused 3 h, then 6 h; 133016: 10 requests per 72 h). Branch on `code` alone: Meta says to ignore the
HTTP status, and `error_subcode` is deprecated. Some codes come only in status webhooks; the same row serves.

132015 does not tell the first pause from the second, nor either from held messages that were dropped with their
template or with those of a whole portfolio ("Template pacing", 2025-10; "Portfolio pacing", 2025-12).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class ErrorClass(StrEnum):
    """What the code asks of us."""

    BACKOFF = "backoff"  # try again soon, slower; the whole sender slows down
    LATER = "later"  # this message again after the delay, once or twice
    NEVER_RECIPIENT = "never_recipient"  # this person cannot be reached: the message fails, and is never tried again
    FIX = "fix"  # request, template or set-up is wrong; the same payload fails again
    PAUSE_SENDER = "pause_sender"  # this phone number cannot send
    PAUSE_TEMPLATE = "pause_template"  # this template cannot be sent
    PAUSE_ACCOUNT = "pause_account"  # the whole business account cannot send
    CREDENTIALS = "credentials"  # the token or its permissions
    UNKNOWN = "unknown"  # no row here: parked and alerted, never retried


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """One row of the table.

    `delay_s`: seconds to wait first; None where waiting alone does not help.
    `retries`: how often one message may be tried again; None when the code is not held against the message.
    `definite`: the code proves the message was not processed, even under an HTTP 5xx. False for codes by
    which Meta only says that something broke on its side.
    """

    code: int
    klass: ErrorClass
    title: str
    delay_s: int | None = None
    retries: int | None = 0
    definite: bool = True


_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400

_B, _L, _N, _F = ErrorClass.BACKOFF, ErrorClass.LATER, ErrorClass.NEVER_RECIPIENT, ErrorClass.FIX
_S, _T, _A, _C = (
    ErrorClass.PAUSE_SENDER,
    ErrorClass.PAUSE_TEMPLATE,
    ErrorClass.PAUSE_ACCOUNT,
    ErrorClass.CREDENTIALS,
)

_AUTHORIZATION: Final = (
    ErrorRule(0, _C, "Authentication failed"),
    ErrorRule(3, _C, "Capability or permission problem"),
    ErrorRule(10, _C, "Permission denied"),
    ErrorRule(104, _C, "Token missing"),
    ErrorRule(190, _C, "Access token expired"),
    *(ErrorRule(code, _C, "Permission missing") for code in range(200, 300)),
    ErrorRule(368, _A, "Temporarily blocked for policy violations"),
    ErrorRule(130497, _N, "Business restricted from messaging people in this country"),
    ErrorRule(131005, _C, "Access denied"),
    ErrorRule(131031, _A, "Account locked"),
)

_THROTTLING: Final = (
    ErrorRule(4, _B, "Application made too many calls", 5 * _MINUTE, None),
    ErrorRule(613, _B, "Calls over limit", _MINUTE, None),
    ErrorRule(80007, _B, "Business account rate limit", 10 * _MINUTE, None),
    ErrorRule(130429, _B, "Throughput of the number exceeded", 2, None),
    ErrorRule(131048, _S, "Number limited because of blocks and reports", 4 * _HOUR),
    # Meta names 4^x seconds from x = 0; the pair rate itself is one message per 6 s.
    ErrorRule(131056, _L, "Too many messages to this recipient", 6, 5),
    ErrorRule(131064, _A, "Limited for misclassified templates", _DAY),
    ErrorRule(133016, _L, "Too many register or deregister requests", 3 * _DAY, 1),
)

_GENERAL: Final = (
    ErrorRule(1, _B, "Unknown error: invalid request or server fault", 30, 2, definite=False),
    ErrorRule(2, _B, "Service temporarily down", 30, 5, definite=False),
    ErrorRule(33, _S, "Business number deleted"),
    ErrorRule(100, _F, "Invalid parameter"),
    ErrorRule(130403, _N, "The business blocked this person"),
    ErrorRule(130472, _N, "Number is part of an experiment"),
    ErrorRule(131000, _B, "Something went wrong", 30, 5, definite=False),
    ErrorRule(131001, _F, "Message too long"),
    ErrorRule(131002, _F, "Recipient type not valid"),
    ErrorRule(131006, _F, "Not found"),
    ErrorRule(131008, _F, "Required parameter missing"),
    ErrorRule(131009, _F, "Parameter value not valid"),
    ErrorRule(131016, _B, "Service unavailable", 30, 5, definite=False),
    ErrorRule(131021, _N, "Recipient cannot be the sender"),
    ErrorRule(131026, _N, "Message undeliverable"),
    ErrorRule(131030, _F, "Recipient not in the allowed list of a test number"),
    ErrorRule(131037, _S, "Display name needs approval"),
    ErrorRule(131042, _A, "Payment or eligibility problem"),
    ErrorRule(131043, _F, "Message expired"),
    ErrorRule(131045, _S, "Number not registered with this certificate"),
    ErrorRule(131047, _F, "More than 24 hours since the person wrote: use a template"),
    ErrorRule(131049, _L, "Not delivered, to keep engagement healthy", _DAY, 1),
    ErrorRule(131050, _N, "The person stopped marketing messages"),
    ErrorRule(131051, _F, "Message type not supported"),
    ErrorRule(131052, _F, "Media could not be downloaded"),
    ErrorRule(131053, _F, "Media could not be uploaded"),
    # A throughput upgrade makes the number unusable for up to one minute.
    ErrorRule(131057, _B, "Account in maintenance mode", _MINUTE, None),
    ErrorRule(131061, _F, "Max-price template on the wrong endpoint"),
    ErrorRule(131062, _F, "This message needs a phone number, not a user id"),
    ErrorRule(131063, _F, "Marketing is switched off on this endpoint"),
    ErrorRule(134011, _F, "Payment terms not accepted"),
    ErrorRule(135000, _F, "Generic error", definite=False),
    ErrorRule(137000, _N, "Identity key hash does not match"),
)

_TEMPLATES: Final = (
    ErrorRule(131055, _F, "Method not allowed for this template"),
    ErrorRule(132000, _F, "Number of parameters does not match the template"),
    ErrorRule(132001, _T, "Template does not exist in this language"),
    ErrorRule(132005, _F, "Text too long once filled in"),
    ErrorRule(132007, _T, "Template violates format or character policy"),
    ErrorRule(132008, _F, "Parameter value invalid"),
    ErrorRule(132012, _F, "Parameter format does not match the template"),
    ErrorRule(132015, _T, "Template paused for low quality", 3 * _HOUR),
    ErrorRule(132016, _T, "Template disabled for low quality"),
    ErrorRule(132018, _F, "Template message failed validation"),
    ErrorRule(132068, _T, "Flow blocked"),
    ErrorRule(132069, _T, "Flow throttled", _HOUR),
    ErrorRule(134100, _F, "Only marketing messages supported here"),
    ErrorRule(134101, _L, "Template still syncing", 10 * _MINUTE, 2),
    ErrorRule(134102, _T, "Template unavailable for use"),
    ErrorRule(134103, _F, "Template not usable here"),
    ErrorRule(139200, _A, "Direct Send blocked"),
)

_REGISTRATION: Final = (
    ErrorRule(133000, _F, "Incomplete deregistration"),
    ErrorRule(133001, _F, "Decryption failed"),
    ErrorRule(133002, _F, "Backup data invalid"),
    ErrorRule(133003, _F, "Token invalid"),
    ErrorRule(133004, _B, "Server temporarily unavailable", _MINUTE, 5, definite=False),
    ErrorRule(133005, _C, "Two-step PIN mismatch"),
    ErrorRule(133006, _S, "Number must be verified again"),
    ErrorRule(133007, _F, "Account blocked"),
    ErrorRule(133008, _L, "Too many PIN guesses", _HOUR, 1),
    ErrorRule(133009, _L, "PIN guessed too fast", _HOUR, 1),
    ErrorRule(133010, _S, "Number not registered"),
    ErrorRule(133015, _L, "Number deleted recently", 5 * _MINUTE, 2),
    ErrorRule(2494100, _B, "Number in maintenance mode", 5 * _MINUTE, None),
    ErrorRule(139100, _F, "Block list changed only in part"),
    ErrorRule(139101, _F, "Block list is full"),
    ErrorRule(139102, _F, "Block list changed meanwhile"),
    ErrorRule(139103, _B, "Block list failed internally", _MINUTE, 3, definite=False),
    ErrorRule(1752041, _F, "Duplicate onboarding request"),
)

# Template management and entity-health codes: nothing a sender can wait out.
_MANAGEMENT_CODES: Final = (
    *(141002, 200005, 200006, 200007, 2388001, 2388012, 2388019, 2388039, 2388040, 2388047, 2388072),
    *(2388073, 2388091, 2388093, 2388103, 2388293, 2388299, 2388318, 2388330, 2593107, 2593108),
    *range(147001, 147006),
    *range(2494164, 2494180),
)
_MANAGEMENT: Final = tuple(ErrorRule(code, _F, "Management request refused") for code in _MANAGEMENT_CODES)

RULES: Final[dict[int, ErrorRule]] = {
    rule.code: rule for rule in (*_AUTHORIZATION, *_THROTTLING, *_GENERAL, *_TEMPLATES, *_REGISTRATION, *_MANAGEMENT)
}


def classify(code: int) -> ErrorRule:
    """Find the row of a code; a code without one gets the class UNKNOWN: not definite, never retried."""
    rule = RULES.get(code)
    return ErrorRule(code, ErrorClass.UNKNOWN, "Unknown code", definite=False) if rule is None else rule
