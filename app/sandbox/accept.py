"""One send: asked in order, refused or accepted, written to the truth log, its webhooks foreseen."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from app.sandbox.compose import Update
from app.sandbox.failures import THROTTLES, GraphError, Json
from app.sandbox.ids import outbound_wamid
from app.sandbox.magic import DROPPED, ORDINARY, Ending, Fate, fate_of
from app.sandbox.numbers import PhoneNumber
from app.sandbox.statuses import RANK, Accepted, foresee
from app.sandbox.validate import Draft, check_sender, check_version, read_draft
from app.sandbox.world import World, address_hash

HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>Sorry.</body></html>"
EDGE_FAULTS: dict[str, tuple[Ending, int | None]] = {
    "html_502": ("html", None),
    "http_500": ("answer", 131000),
    "http_503": ("answer", 2),
    "throttle": ("answer", 130429),
    "reset_before_accept": ("cut", None),
}
LATE_FAULTS: dict[str, Ending] = {
    "reset_after_accept": "cut",
    "timeout_after_accept": "hang",
    "no_id_after_accept": "no_id",
    "truncated_after_accept": "torn",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What leaves: a body with its status, or nothing when `ending` is `hang` or `cut`."""

    status: int
    body: bytes
    ending: Ending = "answer"


class _Named(msgspec.Struct):
    biz_opaque_callback_data: str | None = None


async def accept(world: World, version: str, number_id: str, token: str | None, raw: bytes) -> Answer:
    """Answer one send; what was accepted is in the truth log before this returns.

    `version` and `number_id` are from the path, `token` is None when there was none.
    """
    knobs = world.knobs
    await asyncio.sleep((knobs.latency_ms + world.rng.random() * knobs.latency_jitter_ms) / 1000)
    fault = draw(knobs.faults, world.rng)
    try:
        answer = _decide(world, version, number_id, token, raw, fault)
    except GraphError as error:
        world.counts[f"refused_{error.code}"] += 1
        spoilt = fault if error.told == "fault" else None
        _write_refused(world, number_id, raw, error.told, code=error.code, fault=spoilt)
        return refusal(world, error)
    if knobs.answer_delay_ms:
        await asyncio.sleep(knobs.answer_delay_ms / 1000)
    return answer


def refusal(world: World, error: GraphError) -> Answer:
    """The error body with its HTTP status; throttles take the status of the knob."""
    status = world.knobs.throttle_status if error.code in THROTTLES else error.status
    return Answer(status, msgspec.json.encode(error.body()))


def authorise(world: World, token: str | None) -> None:
    """Step 1: the token is one of ours. Errors: `GraphError` 0 without a token, 190 for a wrong one."""
    if not token:
        raise GraphError(0, "An access token is required")
    if token not in world.tokens():
        raise GraphError(190, "The access token is invalid or has expired")


def find_number(world: World, version: str, number_id: str, token: str | None) -> PhoneNumber:
    """Steps 1 to 3. Errors: `GraphError`."""
    authorise(world, token)
    number = world.directory.by_id.get(number_id)
    if number is not None and token not in (number.token or world.start.token, world.start.token):
        raise GraphError(10, "The token has no permission on this phone number")
    check_version(version)
    if number is None:
        raise GraphError(100, "The object does not exist or cannot be reached", subcode=33)
    return number


def draw(shares: Mapping[str, float], rng: random.Random) -> str | None:
    """One of the keys, each with its share; None for the rest. Without shares no chance is used up."""
    point = rng.random() if shares else 1.0
    for key, share in shares.items():
        if point < share:
            return key
        point -= share
    return None


def _decide(world: World, version: str, number_id: str, token: str | None, raw: bytes, fault: str | None) -> Answer:
    if fault in EDGE_FAULTS:
        ending, code = EDGE_FAULTS[fault]
        if code is not None:
            raise GraphError(code, "A fault of the sandbox", told="fault")
        world.counts[f"fault_{fault}"] += 1
        _write_refused(world, number_id, raw, "fault", fault=fault)
        return Answer(502, HTML, ending)
    number = find_number(world, version, number_id, token)
    check_sender(number)
    draft = read_draft(raw, number, world.templates)
    fate = fate_of(draft.address)
    if fate.refuse is not None:
        raise GraphError(fate.refuse, fate.tells)
    if not fate.accepted:
        _write_refused(world, number_id, raw, "refused")
        return Answer(502, HTML, fate.ending)
    _check_limits(world, number, draft)
    ending = fate.ending if fate is not ORDINARY else LATE_FAULTS.get(fault or "", "answer")
    if fault is not None and fate is ORDINARY:
        world.truth.write("fault", fault=fault, opaque=draft.opaque, phone_number_id=number.id)
    return Answer(200, msgspec.json.encode(_take(world, number, draft, fate, ending)), ending)


def _check_limits(world: World, number: PhoneNumber, draft: Draft) -> None:
    """Steps 9 to 11: the number's throughput, the pair, the people of the portfolio. Errors: `GraphError`.

    Meta says that a throughput upgrade makes a number unusable for up to a minute (131057). It names no code for too
    many people; the knob does. Whoever wrote within 24 hours is not counted.
    """
    knobs, directory, address = world.knobs, world.directory, draft.address
    over: tuple[int, str] | None = None
    if directory.upgrading(number):
        over = 131057, "The throughput of this number is being changed"
    elif not directory.take(number, rate=knobs.throughput_per_s, burst=knobs.throughput_burst):
        over = 130429, "Cloud API message throughput has been reached"
    elif knobs.pair_every_s and not directory.take_pair(
        number, address, every_s=knobs.pair_every_s, burst=knobs.pair_burst
    ):
        over = 131056, "Too many messages from this number to this person in a short time"
    elif (
        knobs.messaging_limit
        and not world.window_open(number, address)
        and not directory.reach(number, address, most=knobs.messaging_limit, window_s=knobs.messaging_limit_window_s)
    ):
        over = knobs.messaging_limit_code, "The portfolio has reached the people it may reach in 24 hours"
    if over is not None:
        raise GraphError(*over, told="limited")


def _write_refused(world: World, number_id: str, raw: bytes, told: str, **facts: object) -> None:
    """The truth log's line of a send that was not accepted, with whatever the request can still be known by."""
    try:
        opaque = msgspec.json.decode(raw, type=_Named).biz_opaque_callback_data
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        opaque = None
    known = number_id if number_id in world.directory.by_id else None
    world.truth.write(told, opaque=opaque, phone_number_id=known, **facts)


def _take(world: World, number: PhoneNumber, draft: Draft, fate: Fate, ending: Ending) -> Json:
    """The message exists from here on; returns the 200 body."""
    category = draft.template.category.lower() if draft.template else "service"
    message = Accepted(outbound_wamid(draft.address), draft.address, draft.by_person_id, draft.opaque, category)
    template = f"{draft.template.name}/{draft.template.language}" if draft.template else None
    fail = _failure(world, number, message, fate)
    held = draft.kind == "template" and (fate.held or (fate is ORDINARY and _hits(world, world.knobs.held_share)))
    if held and fate is ORDINARY and fail is None and _hits(world, world.knobs.held_drop_share):
        fail = DROPPED
    world.counts["accepted"] += 1
    world.counts["held"] += held
    world.truth.write(
        "accepted",
        wamid=message.wamid,
        opaque=draft.opaque,
        phone_number_id=number.id,
        type=draft.kind,
        template=template,
        held=True if held else None,
        to_sha256=address_hash(draft.address),
    )
    world.journal.add({"wamid": message.wamid, "phone_number_id": number.id, "request": draft.body})
    _tell(world, number, message, fate, fail=fail, held_s=world.knobs.held_release_s if held else 0.0)
    return _answered(draft, message, ending, held=held)


def _failure(world: World, number: PhoneNumber, message: Accepted, fate: Fate) -> int | None:
    """Why an accepted message fails afterwards, by rule or by chance; None leaves it to its fate."""
    if message.category == "service" and not world.window_open(number, message.address):
        return 131047
    if message.category == "marketing" and message.address in world.stopped:
        return 131050
    unlucky = draw(world.knobs.failed_shares, world.rng) if fate is ORDINARY else None
    return None if unlucky is None else int(unlucky)


def _tell(world: World, number: PhoneNumber, message: Accepted, fate: Fate, *, fail: int | None, held_s: float) -> None:
    steps = foresee(message, fate, fail, world.knobs, world.rng, held_s=held_s)
    order = [step.status for step in steps]
    if order != sorted(order, key=RANK.__getitem__):
        world.truth.write("reordered", opaque=message.opaque, statuses=order)
    for step in steps:
        facts: Json = {
            "event": "status",
            "wamid": message.wamid,
            "opaque": message.opaque,
            "status": step.status,
            "code": (fail or fate.fail) if step.status == "failed" else None,
        }
        update = Update(number.waba_id, "messages", "statuses", step.item, number, step.contact, facts)
        late_s = world.knobs.late_s if _hits(world, world.knobs.late_share) else 0.0
        if late_s:
            world.truth.write("late", opaque=message.opaque, status=step.status, late_s=late_s)
        world.outbox.push(update, step.after + late_s)
        if world.rng.random() < world.knobs.duplicate_share:
            world.outbox.push(update, step.after + late_s + world.rng.random())
            world.truth.write("duplicate", opaque=message.opaque, status=step.status)


def _hits(world: World, share: float) -> bool:
    """Whether chance wants it; without a share no chance is used up."""
    return share > 0 and world.rng.random() < share


def _answered(draft: Draft, message: Accepted, ending: Ending, *, held: bool) -> Json:
    contact = {"input": draft.given, "user_id" if draft.by_person_id else "wa_id": draft.address}
    shown = {"id": message.wamid}
    if draft.kind == "template":
        shown["message_status"] = "held_for_quality_assessment" if held else "accepted"
    return {
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{} if ending == "no_id" else shown],
    }
