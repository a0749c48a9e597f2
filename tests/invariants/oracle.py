"""The gate, told a second time in plain Python. It imports nothing of the application: it exists to disagree with it.

A history is everything that ever happened to one person, in the order it was recorded. The oracle reads it from the
law's point of view: the newest act of a kind counts, and of acts at the same moment the one that restricts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

# Of acts at the same moment the higher one counts.
WEIGHT = {"given": 0, "refused": 1, "withdrawn": 2, "asserted": 0, "ended": 1, "lifted": 0, "raised": 1}


@dataclass(frozen=True, slots=True)
class Reason:
    """A purpose, as far as the gate cares."""

    key: str
    rests_on_consent: bool
    commercial: bool
    marketing: bool


@dataclass(frozen=True, slots=True)
class Happened:
    """One act about one purpose, or (with a scope) one that stops messages or lets them go on."""

    kind: str
    act: str
    at: datetime
    purpose: str | None = None
    until: datetime | None = None
    notice: str | None = None
    scope: str | None = None
    entity: str = "person"


@dataclass(slots=True)
class History:
    """One person. `known` False: nothing was ever recorded about them, not even that they exist."""

    known: bool = True
    erased: bool = False
    events: list[Happened] = field(default_factory=list)


Verdict = tuple[str | None, str | None]  # (refusal, refused_for)
ALLOWED: Verdict = (None, None)


def decide(history: History, reason: Reason, stale_at: dict[str, datetime], now: datetime) -> Verdict:
    """May this person be written to, for this reason, now?"""
    if not history.known:
        return "unknown_person", None
    for kind, refusal in (("objection", "objected"), ("suppression", "suppressed")):
        scopes = in_force(history.events, kind, reason)
        if scopes:
            return refusal, f"scope:{min(scopes)}"
    if history.erased:
        return "unknown_person", None
    if not reason.rests_on_consent:
        basis = newest(history.events, "basis_assertion", reason)
        valid = basis is not None and basis.act == "asserted" and not over(basis, now)
        return ALLOWED if valid else ("no_basis", "basis_assertion")
    return decide_consent(history.events, reason, stale_at, now)


def decide_consent(events: Sequence[Happened], reason: Reason, stale_at: dict[str, datetime], now: datetime) -> Verdict:
    """For a purpose that rests on consent: consent, and for a commercial one the approval beside it."""
    consent = newest(events, "explicit_consent", reason)
    needed: list[tuple[str, Happened | None]] = [("explicit_consent", consent)]
    if reason.commercial:
        needed.append(("commercial_approval", newest(events, "commercial_approval", reason)))
    for kind, found in needed:
        if found is not None and found.act == "withdrawn":
            return "consent_withdrawn", kind
    for kind, found in needed:
        if found is None or found.act != "given":
            return "consent_not_given", kind
    for kind, found in needed:
        if found is not None and over(found, now):
            return "consent_expired", kind
    if consent is not None and consent.notice in stale_at and stale_at[consent.notice] <= now:
        return "notice_stale", "explicit_consent"
    return ALLOWED


def newest(events: Iterable[Happened], kind: str, reason: Reason) -> Happened | None:
    """The act that counts: the newest, the one that restricts, the one recorded last."""
    own = [(one.at, WEIGHT[one.act], place, one) for place, one in enumerate(events) if one.kind == kind]
    own = [found for found in own if found[3].purpose == reason.key]
    return max(own)[3] if own else None


def in_force(events: Iterable[Happened], kind: str, reason: Reason) -> list[str]:
    """The scopes of that kind that stop this reason. Every holder's act counts on its own."""
    covering = {"all", reason.key} | ({"marketing"} if reason.marketing else set())
    last: dict[tuple[str, str], tuple[datetime, int]] = {}
    for one in events:
        if one.kind == kind and one.scope in covering:
            holder = (one.scope, one.entity)
            last[holder] = max(last.get(holder, (one.at, -1)), (one.at, WEIGHT[one.act]))
    return [scope for (scope, _), (_, weight) in last.items() if weight == WEIGHT["raised"]]


def over(event: Happened, now: datetime) -> bool:
    """Whether what was given for a time has ended."""
    return event.until is not None and event.until <= now
