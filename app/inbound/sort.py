"""Sort what webhooks say by the number they are about, into what other rooms understand."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from app.dispatch.flow.settle import News
from app.optins.keywords import (
    LONGEST_READ,
    find_stop_code,
    is_no,
    is_spelled_out,
    is_start,
    is_stop,
    is_stop_button,
    may_mean_stop,
)
from app.optins.tokens import find_code, is_token
from app.people.numbers import canonical_phone, canonical_user_id
from app.people.seal import AliasKind
from app.whatsapp.updates import (
    IdentityUpdate,
    InboundMessage,
    PreferenceUpdate,
    StatusUpdate,
    TemplateUpdate,
    UnknownUpdate,
    Update,
)

# `stop_one`: of one purpose, if the tenant has that code. `tap`: a button under a question of ours. `code`: the words
# of an opt-in's link. Whatever may be a STOP and is none for sure is `review`.
Wish = Literal["stop", "stop_one", "resume", "review", "no", "start", "code", "tap"]
ReviewReason = Literal["stop_word_inside", "spelled_out", "bare_no", "button_label", "caption"]
Alias = tuple[AliasKind, str]

CONFIRMATION: Final = "confirm:"  # what our own confirmations carry instead of a message's id
LONGEST_WAMID: Final = 512  # characters; an index entry cannot hold much more
_KINDS: Final = {"sent": "sent", "delivered": "delivered", "read": "read", "played": "read", "failed": "failed"}
_MARKETING: Final = "marketing_messages"
_INT4: Final = range(-(2**31), 2**31)


@dataclass(frozen=True, slots=True)
class Heard:
    """A person spoke: wrote, pressed a button, or used WhatsApp's own switch (`by_platform`).

    `wish` None: nothing that we act on. `keyword` is the folded stop word, `code` the word behind it, an opt-in's code
    or a button's payload. `scope` is the key of the purpose that a stop names, None for all of marketing. `words` are
    what a human may have to read. `aliases` are the names the person came with, the number first; never logged.
    """

    told: str = field(repr=False)  # what tells it from every other: the provider's id, which has the number in it
    kind: str
    at: datetime
    wish: Wish | None
    keyword: str | None
    by_platform: bool
    aliases: tuple[Alias, ...] = field(repr=False)
    code: str | None = field(default=None, repr=False)
    words: str | None = field(default=None, repr=False)
    reason: ReviewReason | None = None
    scope: str | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A person has a new number or user id. `told` as in Heard."""

    told: str = field(repr=False)
    at: datetime
    old: tuple[Alias, ...] = field(repr=False)
    new: tuple[Alias, ...] = field(repr=False)


@dataclass(slots=True)
class Told:
    """What was told about one number: statuses of our messages, people who spoke, people with a new number.

    `names` are the aliases that were told of one person together.
    """

    news: list[News] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    names: set[tuple[Alias, ...]] = field(default_factory=set)


def sort_updates(updates: Iterable[Update], ignored: Counter[str]) -> dict[str, Told]:
    """By phone_number_id. `ignored` counts, by kind, what nobody here acts on: Meta may invent anything at any time."""
    told: dict[str, Told] = {}
    for update in updates:
        names = _names(update)
        if len(names) > 1 and not isinstance(update, TemplateUpdate | UnknownUpdate):
            told.setdefault(update.phone_number_id, Told()).names.add(names)
        what = _what(update)
        if isinstance(what, str):
            ignored[what] += 1
            continue
        number, thing = what
        one = told.setdefault(number, Told())
        match thing:
            case News():
                one.news.append(thing)
            case Changed():
                one.changed.append(thing)
            case Heard():
                one.heard.append(thing)
    return told


def _names(update: Update) -> tuple[Alias, ...]:
    """Everything that the update calls its person by."""
    match update:
        case StatusUpdate(recipient_id=str(wa_id), recipient_user_id=str(user_id)):
            return _aliases(f"+{wa_id.removeprefix('+')}", user_id)
        case InboundMessage():
            return _aliases(update.from_phone, update.from_user_id)
        case PreferenceUpdate():
            return _aliases(update.wa_id and f"+{update.wa_id.removeprefix('+')}", update.user_id)
        case _:
            return ()


def _what(update: Update) -> tuple[str, News | Heard | Changed] | str:
    """The number and what was told about it, or why nobody acts on it."""
    thing: News | Heard | Changed | str
    match update:
        case StatusUpdate():
            thing = _news(update)
        case InboundMessage():
            thing = _message(update)
        case PreferenceUpdate():
            thing = _preference(update)
        case IdentityUpdate():
            thing = _change(update)
        case _:
            return "other"
    return thing if isinstance(thing, str) else (update.phone_number_id, thing)


def _news(update: StatusUpdate) -> News | str:
    kind = _KINDS.get(update.status)
    if kind is None:
        return "unknown_status"
    if update.opaque is not None and update.opaque.startswith(CONFIRMATION):
        return "confirmation_status"
    message = _read_uuid(update.opaque)
    if message is None or len(update.wamid) > LONGEST_WAMID:
        return "foreign_status"  # somebody else sends from this number too
    code = update.code if update.code is not None and update.code in _INT4 else None
    return News(message, kind, update.at, code, update.wamid)


def _read_uuid(opaque: str | None) -> UUID | None:
    if opaque is None or len(opaque) != 36:
        return None
    try:
        return UUID(opaque)
    except ValueError:
        return None


def _message(update: InboundMessage) -> Heard | str:
    aliases = _aliases(update.from_phone, update.from_user_id)
    if not aliases:
        return "unusable_message"
    wish, keyword, code, reason = _meaning(update)
    doubtful = wish in ("stop_one", "review", "no")
    words = (update.text or "")[:LONGEST_READ] if doubtful else None
    return Heard(
        update.wamid, update.kind[:64], update.at, wish, keyword, False, aliases, code=code, words=words, reason=reason
    )


_Meaning = tuple[Wish | None, str | None, str | None, ReviewReason | None]


def _meaning(update: InboundMessage) -> _Meaning:
    """The wish, the stop word, the code behind it, and why a human should read it."""
    text, payload = update.text, update.button_payload
    if payload is not None:
        if is_token(payload):
            return "tap", None, payload, None
        if keyword := is_stop_button(payload):
            return "stop", keyword, None, None
        return ("review", None, None, "button_label") if may_mean_stop(text) else (None, None, None, None)
    if update.kind != "text":  # pictures, voices, stickers and reactions are not read, but for the words under one
        return ("review", None, None, "caption") if may_mean_stop(text) else (None, None, None, None)
    return _meaning_of_text(text)


def _meaning_of_text(text: str | None) -> _Meaning:
    if keyword := is_stop(text):
        return "stop", keyword, None, None
    if named := find_stop_code(text):
        return "stop_one", *named, "stop_word_inside"
    if is_spelled_out(text):
        return "review", None, None, "spelled_out"
    if may_mean_stop(text):
        return "review", None, None, "stop_word_inside"
    if is_no(text):
        return "no", None, None, "bare_no"
    if is_start(text):
        return "start", None, None, None
    if code := find_code(text):
        return "code", None, code, None
    return None, None, None, None


def _preference(update: PreferenceUpdate) -> Heard | str:
    aliases = _aliases(update.wa_id and f"+{update.wa_id.removeprefix('+')}", update.user_id)
    if not aliases:
        return "unusable_preference"
    wish: Wish
    if update.value == "stop":
        wish = "stop"  # of whatever category: when in doubt, silence
    elif update.value == "resume" and update.category == _MARKETING:
        wish = "resume"
    else:
        return "other_preference"  # a signup is no consent
    # A preference has no id of its own; this is what it has instead.
    names = "|".join(value for _, value in aliases)
    told = f"preference|{update.phone_number_id}|{names}|{update.category}|{wish}|{update.at.timestamp():.0f}"
    return Heard(told, f"preference_{wish}", update.at, wish, None, True, aliases)


def _change(update: IdentityUpdate) -> Changed | str:
    old = _aliases(update.old_phone, update.old_user_id)
    new = tuple(alias for alias in _aliases(update.new_phone, update.new_user_id) if alias not in old)
    return Changed(update.wamid, update.at, old, new) if old and new else "unusable_change"


def _aliases(phone: str | None, user_id: str | None) -> tuple[Alias, ...]:
    """The number as imports spell it, then the user id; what has another shape names nobody."""
    number = canonical_phone(phone) if phone else None
    business_scoped = canonical_user_id(user_id) if user_id else None
    named: list[Alias] = [("phone", number)] if number else []
    return (*named, ("bsuid", business_scoped)) if business_scoped else tuple(named)
