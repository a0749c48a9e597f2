"""A person writes, taps a button, changes their number or the platform's own preference: the webhook of it."""

import asyncio
import time
from string import digits

import msgspec

from app.sandbox.compose import Update, metadata_of
from app.sandbox.failures import Json
from app.sandbox.ids import inbound_wamid, person_id
from app.sandbox.numbers import PhoneNumber
from app.sandbox.statuses import name_of, person_of
from app.sandbox.world import World, address_hash

WAYS = ("text", "button", "tap", "reply", "media", "new_number", "preference")
MEDIA = ("image", "video", "audio", "document", "sticker")


class Inbound(msgspec.Struct, rename={"sender": "from"}, forbid_unknown_fields=True):
    """The body of `POST /sandbox/inbound`: one of WAYS, and who did it.

    `text`: they write. `button`: the quick reply of a template, by its payload. `tap`: a button under the last question
    they were sent, by its title; `reply`: the same by its id. `media`: a picture or voice, with a `caption` perhaps.
    `new_number`: they changed their number. `preference`: stop or resume.
    """

    sender: str
    to_phone_number_id: str | None = None
    text: str | None = None
    button: str | None = None
    button_text: str | None = None
    tap: str | None = None
    reply: str | None = None
    media: str | None = None
    caption: str | None = None
    new_number: str | None = None
    preference: str | None = None
    context_wamid: str | None = None
    hide_number: bool = False  # the person is known by the business-scoped id only
    wamid: str | None = None  # repeat an earlier message
    wait_s: float = 30.0


async def receive(world: World, given: Inbound) -> Json:
    """Tell it to the callback and wait for its 200: `{"wamid", "acknowledged"}`.

    Errors: `ValueError` for a body that says nothing, names an unknown number, or taps what nobody sent.
    """
    number = _number(world, given)
    wa_id = _digits(given.sender)
    ways = [way for way in WAYS if getattr(given, way) is not None]
    if not wa_id or len(ways) != 1:
        raise ValueError(f"from, and one of {', '.join(WAYS)}, are required")
    wamid = given.wamid or inbound_wamid(wa_id)
    facts: Json = {"event": "inbound", "wamid": wamid, "kind": ways[0], "from_sha256": address_hash(wa_id)}
    heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    if ways[0] == "preference":
        update = _preference(world, number, wa_id, given)
        del facts["wamid"]
    elif ways[0] == "new_number":
        update = _moved(number, wa_id, wamid, given)
    else:
        update = _message(world, number, wa_id, wamid, given)
        world.open_window(number, wa_id)
    update.facts, update.heard = facts, heard
    world.counts["inbound"] += 1
    world.outbox.push(update)
    done, _ = await asyncio.wait([heard], timeout=given.wait_s)
    return {"wamid": None if ways[0] == "preference" else wamid, "acknowledged": bool(done)}


def _digits(given: str) -> str:
    return "".join(c for c in given if c in digits)


def _number(world: World, given: Inbound) -> PhoneNumber:
    known = world.directory.by_id
    number = known.get(given.to_phone_number_id) if given.to_phone_number_id else next(iter(known.values()), None)
    if number is None:
        raise ValueError("to_phone_number_id is unknown")
    return number


def _message(world: World, number: PhoneNumber, wa_id: str, wamid: str, given: Inbound) -> Update:
    contact = person_of(wa_id)
    item: Json = {
        "from": wa_id,
        "from_user_id": person_id(wa_id),
        "id": wamid,
        "timestamp": str(int(time.time())),
    }
    said, answers = _said(world, number, wa_id, given)
    if answers is not None:
        item["context"] = {"from": number.digits, "id": answers}
    if given.hide_number:
        del item["from"], contact["wa_id"]
    return Update(number.waba_id, "messages", "messages", item | said, number, contact)


def _said(world: World, number: PhoneNumber, wa_id: str, given: Inbound) -> tuple[Json, str | None]:
    """The part of the message that says what was done, and the wamid it answers."""
    if given.tap is not None or given.reply is not None:
        button_id, title, wamid = _pressed(world, number, wa_id, given)
        reply = {"type": "button_reply", "button_reply": {"id": button_id, "title": title}}
        return {"type": "interactive", "interactive": reply}, given.context_wamid or wamid
    if given.button is not None:
        label = given.button if given.button_text is None else given.button_text
        return {"type": "button", "button": {"payload": given.button, "text": label}}, given.context_wamid
    if given.media is not None:
        if given.media not in MEDIA:
            raise ValueError(f"media is one of {', '.join(MEDIA)}")
        thing = {"id": "900000000000001", "mime_type": "application/octet-stream", "sha256": "0" * 64}
        caption = {} if given.caption is None else {"caption": given.caption}
        return {"type": given.media, given.media: thing | caption}, given.context_wamid
    return {"type": "text", "text": {"body": given.text}}, given.context_wamid


def _pressed(world: World, number: PhoneNumber, wa_id: str, given: Inbound) -> tuple[str, str, str | None]:
    """The id and title of a reply button, and the message it stands under: the latest that has it."""
    for message in reversed(world.journal.kept):
        request = message["request"]
        if message["phone_number_id"] != number.id or not isinstance(request, dict):
            continue
        if {wa_id, person_id(wa_id)}.isdisjoint({_digits(str(request.get("to", ""))), request.get("recipient")}):
            continue
        for button_id, title in _buttons(request):
            if given.tap == title or given.reply == button_id:
                return button_id, title, str(message["wamid"])
    if given.reply is None:
        raise ValueError("no question with such a button was sent to this person")
    return given.reply, given.button_text or given.reply, None


def _buttons(request: Json) -> list[tuple[str, str]]:
    """The reply buttons of an accepted request; validated when it was."""
    asked = request.get("interactive")
    action = asked.get("action") if isinstance(asked, dict) else None
    buttons = action["buttons"] if isinstance(action, dict) else []
    return [(button["reply"]["id"], button["reply"]["title"]) for button in buttons]


def _moved(number: PhoneNumber, wa_id: str, wamid: str, given: Inbound) -> Update:
    """`user_changed_number`, as Meta tells it (2026-08): a system message without contacts."""
    new = _digits(given.new_number or "")
    if not new:
        raise ValueError("new_number is a phone number")
    system: Json = {
        "type": "user_changed_number",
        "body": f"User {name_of(wa_id)} changed from {wa_id} to {new}",
        "wa_id": new,
        "user_id": person_id(new),
        "previous_user_id": person_id(wa_id),
    }
    item: Json = {"from": wa_id, "id": wamid, "timestamp": str(int(time.time())), "type": "system", "system": system}
    return Update(number.waba_id, "messages", "messages", item, number)


def _preference(world: World, number: PhoneNumber, wa_id: str, given: Inbound) -> Update:
    if given.preference not in ("stop", "resume"):
        raise ValueError("preference is stop or resume")
    change = world.stopped.update if given.preference == "stop" else world.stopped.difference_update
    change({wa_id, person_id(wa_id)})
    who: Json = {"user_id": person_id(wa_id)}
    if not given.hide_number:
        who["wa_id"] = wa_id
    detail = f"User requested to {given.preference} marketing messages"
    preference = {"category": "marketing_messages", "value": given.preference, "detail": detail}
    value: Json = {
        "messaging_product": "whatsapp",
        "metadata": metadata_of(number),
        "contacts": [{"profile": {"name": name_of(wa_id)}, **who}],
        "user_preferences": [{**who, **preference, "timestamp": int(time.time())}],
    }
    return Update(number.waba_id, "user_preferences", "", value)
