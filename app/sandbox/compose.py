"""The exact bytes of a webhook, and their signature."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from app.sandbox.failures import Json
from app.sandbox.numbers import PhoneNumber


@dataclass(slots=True, eq=False)
class Update:
    """One thing to tell: a status, an inbound message (`section` names its list), or a whole `value`.

    `facts` go to the truth log when the callback has answered 200, once; `heard` is resolved then.
    """

    waba_id: str
    field: str
    section: str  # "statuses", "messages" or "" when `item` is the whole value
    item: Json
    number: PhoneNumber | None = None
    contact: Json | None = None
    facts: Json | None = None
    heard: asyncio.Future[None] | None = None
    acknowledged: bool = False


def compose(updates: Sequence[Update]) -> bytes:
    """One webhook body: an entry per account, a change per number and kind, contacts told once.

    The bytes are ASCII with `\\/`, as Meta escapes and signs them.
    """
    entries: dict[str, Json] = {}
    changes: dict[tuple[object, ...], Json] = {}
    for update in updates:
        entry = entries.setdefault(update.waba_id, {"id": update.waba_id, "changes": []})
        if not update.section:
            entry["time"] = int(time.time())
            _listed(entry, "changes").append({"field": update.field, "value": update.item})
            continue
        number = update.number or PhoneNumber()
        key = (update.waba_id, update.field, update.section, number.id, update.contact is None)
        if key not in changes:
            changes[key] = {"messaging_product": "whatsapp", "metadata": metadata_of(number)}
            _listed(entry, "changes").append({"field": update.field, "value": changes[key]})
        _add(changes[key], update)
    body = {"object": "whatsapp_business_account", "entry": list(entries.values())}
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def _add(value: Json, update: Update) -> None:
    if update.contact is not None:
        contacts = _listed(value, "contacts")
        if update.contact not in contacts[-8:]:
            contacts.append(update.contact)
    _listed(value, update.section).append(update.item)


def _listed(holder: Json, key: str) -> list[object]:
    found = holder.setdefault(key, [])
    if not isinstance(found, list):
        raise TypeError(key)
    return found


def metadata_of(number: PhoneNumber) -> Json:
    """The `metadata` of every value about a number."""
    return {"display_phone_number": number.digits, "phone_number_id": number.id}


def sign(body: bytes, app_secret: str) -> str:
    """The value of `X-Hub-Signature-256` for these very bytes."""
    return "sha256=" + hmac.new(app_secret.encode("utf-8"), body, hashlib.sha256).hexdigest()
