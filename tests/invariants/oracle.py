"""The gate, told a second time in plain Python. It imports nothing of the application: it exists to disagree with it.

A history is everything that ever happened to one person, in the order it was recorded. The oracle reads it from the
law's point of view: the newest act of a kind counts, and of acts at the same moment the one that restricts. A person
may be met under several names before anybody knows that they are one; from the moment that is known, what restricts
counts, whichever name it was said under.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

# Of acts at the same moment the higher one counts, and of two names found to be one person's.
WEIGHT = {
    "given": 0,
    "invalidated": 1,
    "refused": 2,
    "withdrawn": 3,
    "asserted": 0,
    "ended": 1,
    "lifted": 0,
    "raised": 1,
}


@dataclass(frozen=True, slots=True)
class Reason:
    """A purpose, as far as the gate cares. `max_age`: how old a consent may be. `duty`: a law obliges to tell it."""

    key: str
    rests_on_consent: bool
    commercial: bool
    marketing: bool
    max_age: timedelta | None = None
    duty: bool = False


@dataclass(frozen=True, slots=True)
class Happened:
    """One act about one purpose, or (with a scope) one that stops messages or lets them go on; or, of a name:

    `link` (to the name `other`), `close` (the line is gone), `merchant` and `natural` (what kind of party they are).
    """

    kind: str
    act: str
    at: datetime
    purpose: str | None = None
    until: datetime | None = None
    notice: str | None = None
    scope: str | None = None
    entity: str = "person"
    name: int = 0
    other: int = 0


@dataclass(slots=True)
class History:
    """One person. `known` False: nothing was ever recorded about them, not even that they exist.

    `names`: how many numbers they are met under.
    """

    known: bool = True
    erased: bool = False
    names: int = 1
    events: list[Happened] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Stale:
    """From when a notice version carries no consent, and for which purposes (None: for all)."""

    at: datetime
    purposes: frozenset[str] | None = None


Verdict = tuple[str | None, str | None]  # (refusal, refused_for)
ALLOWED: Verdict = (None, None)
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stands:
    """The act of a kind that stands."""

    at: datetime
    act: str
    place: int
    until: datetime | None
    notice: str | None


@dataclass(slots=True)
class Known:
    """What is known of one person: the act that stands of every kind, and the rest."""

    stands: dict[Key, Stands] = field(default_factory=dict)
    merchant: bool = False
    held_since: datetime | None = None


def decide(
    history: History, who: Sequence[Known | None], reason: Reason, stale: dict[str, Stale], now: datetime
) -> list[Verdict]:
    """May this person be written to, for this reason, now? One answer for each of their names (`who`: `remember`)."""
    if not history.known:
        return [("unknown_person", None)] * history.names
    return [
        ("unknown_person", None) if one is None else decide_known(one, history.erased, reason, stale, now)
        for one in who
    ]


def decide_known(known: Known, erased: bool, reason: Reason, stale: dict[str, Stale], now: datetime) -> Verdict:
    """The answer for somebody of whom this is known."""
    for kind, refusal in (("objection", "objected"), ("suppression", "suppressed")):
        scopes = in_force(known, kind, reason)
        if scopes:
            return refusal, f"scope:{min(scopes)}"
    if erased:
        return "unknown_person", None
    if not reason.rests_on_consent:
        basis = known.stands.get(("basis_assertion", reason.key))
        valid = basis is not None and basis.act == "asserted" and not over(basis, now) and not before(basis, known)
        return ALLOWED if valid else ("no_basis", "basis_assertion")
    return decide_consent(known, reason, stale, now)


def decide_consent(known: Known, reason: Reason, stale: dict[str, Stale], now: datetime) -> Verdict:
    """For a purpose that rests on consent: consent, and for a commercial one the approval beside it.

    A merchant need not have approved; what they refused or took back counts.
    """
    consent = known.stands.get(("explicit_consent", reason.key))
    approval = known.stands.get(("commercial_approval", reason.key)) if reason.commercial else None
    both = [("explicit_consent", consent), ("commercial_approval", approval)]
    must = both if reason.commercial and not known.merchant else both[:1]
    for kind, found in both:
        if found is not None and found.act == "withdrawn":
            return "consent_withdrawn", kind
    for kind, found in must:
        if found is not None and found.act == "invalidated":
            return "consent_invalidated", kind
    for kind, found in both:
        if (kind, found) in must and (found is None or found.act != "given"):
            return "consent_not_given", kind
        if found is not None and found.act == "refused":
            return "consent_not_given", kind
    for kind, found in must:
        if found is not None and before(found, known):
            return "consent_invalidated", kind
    for kind, found in must:
        if found is not None and over(found, now):
            return "consent_expired", kind
    for kind, found in must:
        if found is not None and reason.max_age is not None and found.at + reason.max_age <= now:
            return "consent_expired", kind
    changed = None if consent is None or consent.notice is None else stale.get(consent.notice)
    if changed is not None and changed.at <= now and (changed.purposes is None or reason.key in changed.purposes):
        return "notice_stale", "explicit_consent"
    return ALLOWED


def remember(history: History) -> list[Known | None]:
    """Go through a history as it was recorded. What is known under each name in the end; None: nobody has it."""
    people: list[Known] = [Known() for _ in range(history.names)]
    held = list(range(history.names))  # name -> who has it
    closed: dict[int, datetime] = {}
    for place, one in enumerate(history.events):
        if one.name in closed and one.kind != "link":
            if one.kind in ("close", "merchant", "natural"):
                continue  # there is nobody of that name to close
            # The next holder is met: somebody new, of whom nothing older than the closing is true.
            held[one.name] = len(people)
            people.append(Known(held_since=closed.pop(one.name)))
        person = people[held[one.name]]
        if one.kind == "link":
            if one.name in closed or one.other in closed or held[one.name] == held[one.other]:
                continue
            gone = held[one.other]
            people[held[one.name]] = unite(person, people[gone], place)
            held = [held[one.name] if who == gone else who for who in held]
        elif one.kind == "close":
            closed[one.name] = one.at
            invalidate(person, one.at, place)
        elif one.kind in ("merchant", "natural"):
            person.merchant = one.kind == "merchant"
        else:
            say(person, one, place)
    return [None if name in closed else people[who] for name, who in enumerate(held)]


def say(person: Known, one: Happened, place: int) -> None:
    """The newest act counts; at the same moment the one that restricts; then the one recorded last."""
    key = (one.kind, one.scope, one.entity) if one.scope is not None else (one.kind, one.purpose or "")
    told = Stands(one.at, one.act, place, one.until, one.notice)
    person.stands[key] = max((person.stands.get(key, told), told), key=lambda s: (s.at, WEIGHT[s.act], s.place))


def invalidate(person: Known, at: datetime, place: int) -> None:
    """What was agreed on a line ends with it."""
    for key, stands in person.stands.items():
        if stands.act == "given":
            person.stands[key] = Stands(max(at, stands.at), "invalidated", place, None, None)


def unite(one: Known, other: Known, place: int) -> Known:
    """Two are one: of every kind the act that restricts more, from the later of both times.

    What was not there in this way before is recorded now.
    """
    both: dict[Key, Stands] = {}
    for key in one.stands.keys() | other.stands.keys():
        found = [known.stands[key] for known in (one, other) if key in known.stands]
        first = max(found, key=lambda s: (WEIGHT[s.act], s.at, s.place))
        at = max(s.at for s in found)
        as_it_was = first is one.stands.get(key) and first.at == at
        both[key] = Stands(at, first.act, first.place if as_it_was else place, first.until, first.notice)
    since = [known.held_since for known in (one, other) if known.held_since is not None]
    return Known(both, one.merchant and other.merchant, max(since) if since else None)


def in_force(known: Known, kind: str, reason: Reason) -> Sequence[str]:
    """The scopes of that kind that stop this reason. Every holder's act counts on its own.

    Who wants nothing at all is told what a law obliges to tell them.
    """
    covering = {"all", reason.key} | ({"marketing"} if reason.marketing else set())
    return [
        key[1]
        for key, found in _of(known, kind)
        if key[1] in covering and found.act == "raised" and not (reason.duty and key[1:] == ("all", "person"))
    ]


def _of(known: Known, kind: str) -> Iterable[tuple[Key, Stands]]:
    return ((key, found) for key, found in known.stands.items() if key[0] == kind)


def over(found: Stands, now: datetime) -> bool:
    """Whether what was given for a time has ended."""
    return found.until is not None and found.until <= now


def before(found: Stands, known: Known) -> bool:
    """Whether it was said while somebody else had the number."""
    return known.held_since is not None and found.at <= known.held_since
