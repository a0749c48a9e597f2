"""Sort what webhooks say by the number they are about, into what other rooms understand."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from app.dispatch.flow.settle import News
from app.inbound.keywords import is_stop, is_stop_button, may_mean_stop
from app.people.numbers import canonical_phone, canonical_user_id
from app.people.seal import AliasKind
from app.whatsapp.updates import InboundMessage, PreferenceUpdate, StatusUpdate, Update

Wish = Literal["stop", "resume", "maybe_stop"]
Alias = tuple[AliasKind, str]

CONFIRMATION: Final = "confirm:"  # what our own confirmations carry instead of a message's id
LONGEST_WAMID: Final = 512  # characters; an index entry cannot hold much more
_KINDS: Final = {"sent": "sent", "delivered": "delivered", "read": "read", "played": "read", "failed": "failed"}
_MARKETING: Final = "marketing_messages"
_INT4: Final = range(-(2**31), 2**31)


@dataclass(frozen=True, slots=True)
class Heard:
    """A person spoke: wrote, pressed a button, or used WhatsApp's own switch (`by_platform`).

    `wish` None: nothing that we act on. `aliases` are the names the person came with, the number first; never logged.
    """

    told: str = field(repr=False)  # what tells it from every other: the provider's id, which has the number in it
    kind: str
    at: datetime
    wish: Wish | None
    keyword: str | None
    by_platform: bool
    aliases: tuple[Alias, ...] = field(repr=False)


@dataclass(slots=True)
class Told:
    """What was told about one number: statuses of our messages, and people who spoke."""

    news: list[News] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)


def sort_updates(updates: Iterable[Update], ignored: Counter[str]) -> dict[str, Told]:
    """By phone_number_id. `ignored` counts, by kind, what nobody here acts on: Meta may invent anything at any time."""
    told: dict[str, Told] = {}
    for update in updates:
        what = _what(update)
        if isinstance(what, str):
            ignored[what] += 1
            continue
        number, thing = what
        one = told.setdefault(number, Told())
        if isinstance(thing, News):
            one.news.append(thing)
        else:
            one.heard.append(thing)
    return told


def _what(update: Update) -> tuple[str, News | Heard] | str:
    """The number and what was told about it, or why nobody acts on it."""
    thing: News | Heard | str
    match update:
        case StatusUpdate():
            thing = _news(update)
        case InboundMessage():
            thing = _message(update)
        case PreferenceUpdate():
            thing = _preference(update)
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
    keyword = is_stop_button(update.button_payload, update.text) if update.button_payload else is_stop(update.text)
    wish: Wish | None = "stop" if keyword else "maybe_stop" if may_mean_stop(update.text) else None
    return Heard(update.wamid, update.kind[:64], update.at, wish, keyword, False, aliases)


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


def _aliases(phone: str | None, user_id: str | None) -> tuple[Alias, ...]:
    """The number as imports spell it, then the user id; what has another shape names nobody."""
    number = canonical_phone(phone) if phone else None
    business_scoped = canonical_user_id(user_id) if user_id else None
    named: list[Alias] = [("phone", number)] if number else []
    return (*named, ("bsuid", business_scoped)) if business_scoped else tuple(named)
