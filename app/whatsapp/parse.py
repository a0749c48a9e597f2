"""Read a webhook body: a list of plain facts, in the order Meta wrote them.

Tolerant inside, strict outside. A body that is no envelope is an `UnreadableUpdate`. Within an envelope
nothing raises: an item that lacks what makes it usable becomes an `UnknownUpdate` and its neighbours stay,
because one POST may carry 1,000 of them. What it reads, and its source: `updates`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from app.whatsapp.envelope import (
    Entry,
    first,
    id_in,
    items,
    members,
    moment,
    read_envelope,
    text_in,
    whole,
)
from app.whatsapp.updates import (
    IdentityUpdate,
    InboundMessage,
    PreferenceUpdate,
    StatusUpdate,
    TemplateUpdate,
    UnknownUpdate,
    Update,
)

_PHONE: Final = re.compile(r"\+?([1-9][0-9]{6,14})", re.ASCII)
_FIELD: Final = re.compile(r"[a-z0-9_]{1,64}", re.ASCII)
_CAPTIONED: Final = ("image", "video", "document")
_CHANGED: Final = ("user_changed_number", "user_changed_user_id")
_REPLIES: Final = ("button_reply", "list_reply")


def parse(raw: bytes, *, received_at: datetime | None = None) -> list[Update]:
    """Read one webhook body, whose signature was verified over the same bytes before.

    `received_at` (aware; now by default) stands in where Meta's own time is missing or absurd: a STOP with a
    broken clock is still a STOP. Empty when the envelope holds no change. Raises UnreadableUpdate only.
    """
    envelope = read_envelope(raw)
    now = received_at or datetime.now(UTC)
    found: list[Update] = []
    for entry in envelope.entry:
        for change in entry.changes:
            field = change.field if _FIELD.fullmatch(change.field) else "unreadable"
            read = _READERS.get(field)
            updates = list(read(field, entry, change.value, now)) if read else []
            # Account errors, echoes, and whatever Meta invents next: known to exist, not read.
            found.extend(updates or [UnknownUpdate(field)])
    return found


def _messages(field: str, entry: Entry, raw: msgspec.Raw, now: datetime) -> Iterator[Update]:
    value = members(raw)
    metadata = whole(value.get("metadata"))
    number, business = id_in(metadata, "phone_number_id"), id_in(metadata, "display_phone_number")
    contacts = items(value.get("contacts"))
    for item in items(value.get("statuses")):
        yield _status(number, entry, whole(item), now) or UnknownUpdate(field)
    for item in items(value.get("messages")):
        if business is not None and id_in(whole(item), "from") == business:
            yield UnknownUpdate("echo")  # our own words, as another app of the business wrote them
            continue
        # A contact can only be matched with certainty when there is one.
        contact = whole(contacts[0]) if len(contacts) == 1 else {}
        changed = _identity(number, entry, whole(item), now)
        yield changed or _inbound(number, entry, whole(item), contact, now) or UnknownUpdate(field)


def _status(number: str | None, entry: Entry, item: dict[str, Any], now: datetime) -> StatusUpdate | None:
    wamid, status = text_in(item, "id"), text_in(item, "status")
    if number is None or wamid is None or status is None:
        return None
    error = first(item.get("errors"))
    code = error.get("code")
    return StatusUpdate(
        phone_number_id=number,
        wamid=wamid,
        status=status,
        at=moment(item.get("timestamp"), now),
        recipient_id=id_in(item, "recipient_id"),
        recipient_user_id=text_in(item, "recipient_user_id"),
        opaque=text_in(item, "biz_opaque_callback_data"),
        code=code if type(code) is int else None,
        title=text_in(error, "title"),
        pricing_category=text_in(item, "pricing", "category"),
        pricing_type=text_in(item, "pricing", "type"),
        waba_id=_account(entry),
    )


def _inbound(
    number: str | None, entry: Entry, item: dict[str, Any], contact: dict[str, Any], now: datetime
) -> InboundMessage | None:
    wamid, kind = text_in(item, "id"), text_in(item, "type")
    phone = _e164(id_in(item, "from") or id_in(contact, "wa_id"))
    user_id = text_in(item, "from_user_id") or text_in(contact, "user_id")
    if number is None or wamid is None or kind is None or (phone is None and user_id is None):
        return None
    text, payload = _words(kind, item)
    return InboundMessage(
        phone_number_id=number,
        waba_id=_account(entry),
        wamid=wamid,
        from_phone=phone,
        from_user_id=user_id,
        at=moment(item.get("timestamp"), now),
        kind=kind,
        text=text,
        button_payload=payload,
        context_wamid=text_in(item, "context", "id"),
    )


def _identity(number: str | None, entry: Entry, item: dict[str, Any], now: datetime) -> IdentityUpdate | None:
    wamid = text_in(item, "id")
    if number is None or wamid is None or text_in(item, "system", "type") not in _CHANGED:
        return None
    system: Any = item.get("system")
    old = _e164(id_in(item, "from")), text_in(system, "previous_user_id")
    new = _e164(id_in(system, "wa_id")), text_in(system, "user_id")
    if not any(old) or not any(new):
        return None
    return IdentityUpdate(number, wamid, *old, *new, at=moment(item.get("timestamp"), now), waba_id=_account(entry))


def _words(kind: str, item: dict[str, Any]) -> tuple[str | None, str | None]:
    """What the person said, and what our button carried."""
    if kind == "text":
        return text_in(item, "text", "body"), None
    if kind == "button":
        return text_in(item, "button", "text"), text_in(item, "button", "payload")
    if kind == "interactive":
        for reply in _REPLIES:
            if payload := text_in(item, "interactive", reply, "id"):
                return text_in(item, "interactive", reply, "title"), payload
    if kind in _CAPTIONED:
        return text_in(item, kind, "caption"), None
    return None, None


def _preferences(field: str, entry: Entry, raw: msgspec.Raw, now: datetime) -> Iterator[Update]:
    value = members(raw)
    number = id_in(whole(value.get("metadata")), "phone_number_id")
    for item in map(whole, items(value.get("user_preferences"))):
        wa_id, user_id = id_in(item, "wa_id"), text_in(item, "user_id")
        category, wish = text_in(item, "category"), text_in(item, "value")
        if number is None or category is None or wish is None or (wa_id is None and user_id is None):
            yield UnknownUpdate(field)
            continue
        at = moment(item.get("timestamp"), now)
        yield PreferenceUpdate(number, wa_id, user_id, category, wish, at, _account(entry))


def _template(field: str, entry: Entry, raw: msgspec.Raw, now: datetime) -> Iterator[Update]:
    value = whole(raw)
    template_id = id_in(value, "message_template_id")
    if template_id is None:
        return
    language = text_in(value, "message_template_language")
    yield TemplateUpdate(
        waba_id=_account(entry),
        field=field,
        template_id=template_id,
        name=text_in(value, "message_template_name"),
        language=language.replace("-", "_") if language else None,
        at=moment(entry.time, now),
        event=text_in(value, "event"),
        category=text_in(value, "new_category") or text_in(value, "message_template_category"),
        reason=text_in(value, "reason"),
        quality=text_in(value, "new_quality_score"),
    )


def _account(entry: Entry) -> str | None:
    return None if entry.id is None else str(entry.id)


def _e164(given: str | None) -> str | None:
    digits = _PHONE.fullmatch(given or "")
    return f"+{digits[1]}" if digits else None


_Reader = Callable[[str, Entry, msgspec.Raw, datetime], Iterator[Update]]
_READERS: Final[dict[str, _Reader]] = {
    "messages": _messages,
    "user_preferences": _preferences,
    "message_template_status_update": _template,
    "message_template_quality_update": _template,
    "template_category_update": _template,
}
