"""The sandbox's own routes, `/sandbox/*`: for tests and demos, from this machine only."""

from collections.abc import Awaitable, Callable
from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.sandbox.compose import Update
from app.sandbox.failures import Json
from app.sandbox.graph import set_status
from app.sandbox.inbound import Inbound, receive
from app.sandbox.knobs import turn
from app.sandbox.log import say
from app.sandbox.magic import list_magic
from app.sandbox.numbers import PhoneNumber
from app.sandbox.subscribe import subscribe
from app.sandbox.templates import STATUSES
from app.sandbox.world import World

LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
Handler = Callable[[World, Request], Awaitable[Json]]


class Refused(Exception):
    """A control call is not possible: the HTTP status and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Subscription(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /sandbox/subscribe`."""

    callback: str
    verify_token: str
    app_secret: str


class Upgrade(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /sandbox/numbers/{id}/upgrade`."""

    throughput_per_s: Annotated[float, msgspec.Meta(gt=0)] = 1000.0
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 60.0


def routes(world: World) -> list[Route]:
    """All control routes over one world."""
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/sandbox/state", _state),
        ("GET", "/sandbox/magic", _magic),
        ("GET", "/sandbox/outbox", _outbox),
        ("GET", "/sandbox/messages", _messages),
        ("POST", "/sandbox/knobs", _knobs),
        ("POST", "/sandbox/reset", _reset),
        ("POST", "/sandbox/subscribe", _subscribe),
        ("POST", "/sandbox/inbound", _inbound),
        ("POST", "/sandbox/numbers", _numbers),
        ("POST", "/sandbox/numbers/{number_id}/upgrade", _upgrade),
        ("POST", "/sandbox/templates/{template_id}", _template),
    ]
    return [Route(path, _local(world, handle), methods=[method]) for method, path, handle in table]


def _local(world: World, handle: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def local(request: Request) -> Response:
        if request.client is None or request.client.host not in LOOPBACK:
            return JSONResponse({"error": "control calls come from this machine only"}, 403)
        try:
            return JSONResponse(await handle(world, request))
        except Refused as refused:
            return JSONResponse({"error": str(refused)}, refused.status)
        except ValueError as wrong:  # msgspec's errors are ValueErrors too
            return JSONResponse({"error": str(wrong)}, 422)

    return local


async def _state(world: World, _: Request) -> Json:
    return {
        "counts": dict(sorted(world.counts.items())),
        "accepted": world.journal.total,
        "pending_webhooks": world.outbox.pending,
        "webhook_posts": world.outbox.posted,
        "webhook_refusals": world.outbox.refused,
        "subscribed": world.outbox.subscribed,
        "numbers": list(world.directory.by_id),
        "knobs": msgspec.structs.asdict(world.knobs),
    }


async def _magic(_: World, __: Request) -> Json:
    return {"magic": list_magic()}


async def _outbox(world: World, _: Request) -> Json:
    return {"pending": world.outbox.pending, "held": world.knobs.hold_webhooks}


async def _messages(world: World, request: Request) -> Json:
    after = int(request.query_params.get("after", "0"))
    limit = min(1000, max(1, int(request.query_params.get("limit", "100"))))
    return {"total": world.journal.total, "messages": world.journal.after(after, limit)}


async def _knobs(world: World, request: Request) -> Json:
    patch = msgspec.json.decode(await request.body(), type=dict[str, object])
    world.knobs = turn(world.knobs, patch)
    world.outbox.nudge()
    say("knobs_turned", names=sorted(patch))
    return msgspec.structs.asdict(world.knobs)


async def _reset(world: World, _: Request) -> Json:
    world.reset()
    say("reset")
    return {"reset": True}


async def _subscribe(world: World, request: Request) -> Json:
    asked = msgspec.json.decode(await request.body(), type=Subscription)
    if not await subscribe(world, url=asked.callback, verify_token=asked.verify_token, app_secret=asked.app_secret):
        raise Refused(400, "the callback did not echo the challenge")
    return {"verified": True}


async def _inbound(world: World, request: Request) -> Json:
    given = msgspec.json.decode(await request.body(), type=Inbound)
    if not (world.outbox.subscribed or world.outbox.expected):
        raise Refused(409, "no callback is subscribed")
    told = await receive(world, given)
    if not told["acknowledged"]:
        raise Refused(504, "the callback has not acknowledged it yet")
    return told


async def _numbers(world: World, request: Request) -> Json:
    number = msgspec.json.decode(await request.body(), type=PhoneNumber)
    world.directory.put(number)
    return {"id": number.id}


async def _upgrade(world: World, request: Request) -> Json:
    number = world.directory.by_id.get(request.path_params["number_id"])
    asked = msgspec.json.decode(await request.body(), type=Upgrade)
    if number is None:
        raise Refused(404, "no such number")
    world.directory.upgrade(number, rate=asked.throughput_per_s, seconds=asked.seconds)
    world.truth.write("upgrade", phone_number_id=number.id, throughput_per_s=asked.throughput_per_s)
    value: Json = {"display_phone_number": number.digits, "event": "THROUGHPUT_UPGRADE"}
    world.outbox.push(Update(number.waba_id, "phone_number_quality_update", "", value), asked.seconds)
    return {"id": number.id, "unusable_s": asked.seconds}


async def _template(world: World, request: Request) -> Json:
    template = world.templates.find_by_id(request.path_params["template_id"])
    status = msgspec.json.decode(await request.body(), type=dict[str, str]).get("status")
    if template is None or status not in STATUSES:
        raise Refused(404 if template is None else 422, f"no such template, or status not in {STATUSES}")
    set_status(world, template, status)
    return {"id": template.id, "status": status}
