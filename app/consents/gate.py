"""The names of what the gate refuses for. The gate itself is the view `consent_verdicts_v1`.

The list is closed and asked from the top: of several reasons the first one here is given.
"""

from enum import StrEnum
from typing import Final


class Refusal(StrEnum):
    """Why a message may not go to a person, for a purpose, now."""

    OBJECTED = "objected"
    SUPPRESSED = "suppressed"
    UNKNOWN_PERSON = "unknown_person"
    NO_BASIS = "no_basis"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    CONSENT_INVALIDATED = "consent_invalidated"
    CONSENT_NOT_GIVEN = "consent_not_given"
    CONSENT_EXPIRED = "consent_expired"
    NOTICE_STALE = "notice_stale"


MEANING: Final[dict[Refusal, str]] = {
    Refusal.OBJECTED: "The person objected to messages of this scope. Only they can lift that.",
    Refusal.SUPPRESSED: "Messages of this scope are stopped for this person: by themselves, by you, or by WhatsApp.",
    Refusal.UNKNOWN_PERSON: "Nothing is on record about this person, or they were erased.",
    Refusal.NO_BASIS: "This purpose does not rest on consent, and no basis (a contract, an order) is asserted for this"
    " person, or it ended.",
    Refusal.CONSENT_WITHDRAWN: "The person took back their consent, or their approval of commercial messages.",
    Refusal.CONSENT_INVALIDATED: "The number was closed, or has another holder since: what was agreed on it ended.",
    Refusal.CONSENT_NOT_GIVEN: "The consent, or the approval of commercial messages, was never given, or was refused.",
    Refusal.CONSENT_EXPIRED: "The consent, or the approval of commercial messages, was given for a time that is over,"
    " or is older than this purpose lets it be.",
    Refusal.NOTICE_STALE: "The notice changed materially since the person consented, and the time of grace is over.",
}
