"""What becomes of an accepted message: the status objects, each with the time at which it is told."""

import random
import time
from dataclasses import dataclass

from app.sandbox.failures import Json, webhook_error
from app.sandbox.ids import hash_of, person_id
from app.sandbox.knobs import Knobs
from app.sandbox.magic import Fate

# Invented first names; some leave ASCII so that receivers meet escaped bytes.
FIRST_NAMES = ("Ayşe", "İbrahim", "Çağrı", "Ana", "Gül", "Ömer", "Zoë", "Deniz")
RANK = {"sent": 0, "delivered": 1, "read": 2, "failed": 3}  # the order in which they are true


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message the sandbox took. `category` is the template's in lower case, or `service`."""

    wamid: str
    address: str
    by_person_id: bool
    opaque: str | None
    category: str


@dataclass(frozen=True, slots=True)
class Step:
    """One status: told `after` seconds from acceptance; `contact` is None on failed."""

    after: float
    status: str
    item: Json
    contact: Json | None


def foresee(
    message: Accepted, fate: Fate, fail: int | None, knobs: Knobs, rng: random.Random, *, held_s: float = 0.0
) -> list[Step]:
    """All steps of a message in the order in which they will be told; empty for silence.

    `fail` is a code that ends the message instead of its fate; nothing of it happens before `held_s`.
    """
    code = fate.fail if fail is None else fail
    names = list(fate.statuses) if fail is None or not fate.statuses else ["failed"]
    if "read" in names and not fate.read_for_sure and rng.random() >= knobs.read_share:
        names.remove("read")
    if "read" in names and rng.random() < knobs.delivered_missing_share:
        names.remove("delivered")
    delays = [held_s + _delay(name, knobs, rng) for name in names]
    if len(delays) > 1 and rng.random() < knobs.reorder_share:
        rng.shuffle(delays)
    priced_twice = "delivered" if "delivered" in names else "read"
    now = time.time()
    steps = []
    for name, delay in zip(names, delays, strict=True):
        item = _item(message, name, int(now + delay), code)
        if name in ("sent", priced_twice):
            item["pricing"] = _pricing(message.category)
        steps.append(Step(delay, name, item, None if name == "failed" else contact_of(message)))
    return sorted(steps, key=lambda step: step.after)


def _delay(name: str, knobs: Knobs, rng: random.Random) -> float:
    spans = {"delivered": knobs.delay_delivered_s, "read": knobs.delay_read_s}
    span = spans.get(name, knobs.delay_sent_s)
    return span * (1 + knobs.delay_jitter * rng.uniform(-1, 1))


def _item(message: Accepted, status: str, at: int, code: int | None) -> Json:
    item: Json = {"id": message.wamid, "status": status, "timestamp": str(at)}
    if not message.by_person_id:
        item["recipient_id"] = message.address
    if status != "failed" or message.by_person_id:
        item["recipient_user_id"] = message.address if message.by_person_id else person_id(message.address)
    if message.opaque is not None:
        item["biz_opaque_callback_data"] = message.opaque
    if status == "failed":
        item["errors"] = [webhook_error(code or 131000)]
    return item


def _pricing(category: str) -> Json:
    free = category == "service"
    kind = "free_customer_service" if free else "regular"
    return {"billable": not free, "pricing_model": "PMP", "type": kind, "category": category}


def contact_of(message: Accepted) -> Json:
    """The `contacts` entry of a status."""
    if message.by_person_id:
        return {"profile": {"name": name_of(message.address)}, "user_id": message.address}
    return person_of(message.address)


def person_of(wa_id: str) -> Json:
    """The `contacts` entry of a person known by number."""
    return {"profile": {"name": name_of(wa_id)}, "wa_id": wa_id, "user_id": person_id(wa_id)}


def name_of(address: str) -> str:
    """An invented first name, always the same for an address."""
    return FIRST_NAMES[int(hash_of(address)[:4], 16) % len(FIRST_NAMES)]
