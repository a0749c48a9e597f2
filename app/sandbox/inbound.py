"""A person writes, taps a button or changes the platform's own preference: the webhook of it."""

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


class Inbound(msgspec.Struct, rename={"sender": "from"}, forbid_unknown_fields=True):
    """The body of `POST /sandbox/inbound`: `text`, `button` (a payload) or `preference` (stop or resume)."""

    sender: str
    to_phone_number_id: str | None = None
    text: str | None = None
    button: str | None = None
    button_text: str | None = None
    preference: str | None = None
    context_wamid: str | None = None
    hide_number: bool = False  # the person is known by the business-scoped id only
    wamid: str | None = None  # repeat an earlier message
    wait_s: float = 30.0


async def receive(world: World, given: Inbound) -> Json:
    """Tell it to the callback and wait for its 200: `{"wamid", "acknowledged"}`.

    Errors: `ValueError` for a body that says nothing or names an unknown number.
    """
    number = _number(world, given)
    wa_id = "".join(c for c in given.sender if c in digits)
    if not wa_id or sum(x is not None for x in (given.text, given.button, given.preference)) != 1:
        raise ValueError("from, and one of text, button, preference, are required")
    wamid = given.wamid or inbound_wamid(wa_id)
    kind = "text" if given.text is not None else "button" if given.button is not None else "preference"
    facts: Json = {"event": "inbound", "wamid": wamid, "kind": kind, "from_sha256": address_hash(wa_id)}
    heard: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    if kind == "preference":
        update = _preference(world, number, wa_id, given)
        del facts["wamid"]
    else:
        world.open_window(number, wa_id)
        update = _message(number, wa_id, wamid, given)
    update.facts, update.heard = facts, heard
    world.counts["inbound"] += 1
    world.outbox.push(update)
    done, _ = await asyncio.wait([heard], timeout=given.wait_s)
    return {"wamid": None if kind == "preference" else wamid, "acknowledged": bool(done)}


def _number(world: World, given: Inbound) -> PhoneNumber:
    known = world.directory.by_id
    number = known.get(given.to_phone_number_id) if given.to_phone_number_id else next(iter(known.values()), None)
    if number is None:
        raise ValueError("to_phone_number_id is unknown")
    return number


def _message(number: PhoneNumber, wa_id: str, wamid: str, given: Inbound) -> Update:
    contact = person_of(wa_id)
    item: Json = {
        "from": wa_id,
        "from_user_id": person_id(wa_id),
        "id": wamid,
        "timestamp": str(int(time.time())),
    }
    if given.context_wamid is not None:
        item["context"] = {"from": number.digits, "id": given.context_wamid}
    if given.hide_number:
        del item["from"], contact["wa_id"]
    if given.button is not None:
        label = given.button if given.button_text is None else given.button_text
        item |= {"type": "button", "button": {"payload": given.button, "text": label}}
    else:
        item |= {"type": "text", "text": {"body": given.text}}
    return Update(number.waba_id, "messages", "messages", item, number, contact)


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
