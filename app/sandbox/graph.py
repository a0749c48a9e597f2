"""The routes that WhatsApp has too: `/{version}/...`."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.sandbox.accept import Answer, accept, authorise, find_number, refusal
from app.sandbox.compose import Update
from app.sandbox.failures import GraphError, Json
from app.sandbox.log import say
from app.sandbox.numbers import tier_of
from app.sandbox.templates import Template
from app.sandbox.validate import check_version
from app.sandbox.world import World

PAGE = 25


class Torn(Response):
    """An answer of which half arrives, and then the connection is cut."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Announce the whole length, send half, cut."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        transport = scope.get("sandbox.transport")
        if transport is not None:
            transport.close()  # what was written leaves first


class Ended(Response):
    """An answer that never comes: waits for the caller to give up, or cuts the connection at once."""

    def __init__(self, *, cut: bool) -> None:
        super().__init__()
        self.cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """End the call without a byte; the server program puts its transport into the scope."""
        transport = scope.get("sandbox.transport")
        if self.cut and transport is not None:
            transport.abort()
        message = await receive()
        while message["type"] != "http.disconnect":
            message = await receive()


def routes(world: World) -> list[Route]:
    """All Graph routes over one world."""
    answered = {
        "messages": _sends(world),
        "phone_numbers": _guarded(world, _list_numbers),
        "templates": _guarded(world, _on_templates),
        "node": _guarded(world, _show_node),
    }
    return [
        Route("/{version}/{node}/messages", answered["messages"], methods=["POST"]),
        Route("/{version}/{node}/phone_numbers", answered["phone_numbers"], methods=["GET"]),
        Route("/{version}/{node}/message_templates", answered["templates"], methods=["GET", "POST", "DELETE"]),
        Route("/{version}/{node}", answered["node"], methods=["GET"]),
    ]


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _sends(world: World) -> Callable[[Request], Awaitable[Response]]:
    async def send_message(request: Request) -> Response:
        path = request.path_params
        raw = await request.body()
        return _shown(await accept(world, path["version"], path["node"], _bearer(request), raw))

    return send_message


def _shown(answer: Answer) -> Response:
    if answer.ending in ("hang", "cut"):
        return Ended(cut=answer.ending == "cut")
    kind = "text/html; charset=utf-8" if answer.ending == "html" else "application/json; charset=UTF-8"
    shape = Torn if answer.ending == "torn" else Response
    return shape(answer.body, answer.status, media_type=None, headers={"content-type": kind})


def _guarded(
    world: World, handle: Callable[[World, Request], Awaitable[Json]]
) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            authorise(world, _bearer(request))
            check_version(request.path_params["version"])
            return _shown(Answer(200, msgspec.json.encode(await handle(world, request))))
        except GraphError as error:
            return _shown(refusal(world, error))

    return guarded


def _fields(request: Request) -> list[str]:
    return [name for name in request.query_params.get("fields", "").split(",") if name]


def _page(request: Request, nodes: list[Json]) -> Json:
    """Cut a page out of all nodes; the cursors are plain offsets, opaque to the caller."""
    try:
        limit = min(1000, max(1, int(request.query_params.get("limit", PAGE))))
        begin = max(0, int(request.query_params.get("after", "0")))
    except ValueError:
        raise GraphError(100, "Param limit or after is not valid") from None
    page, end = nodes[begin : begin + limit], begin + limit
    paging: Json = {"cursors": {"before": str(begin), "after": str(min(end, len(nodes)))}}
    if end < len(nodes):
        paging["next"] = str(request.url.include_query_params(after=end))
    return {"data": page, "paging": paging}


async def _list_numbers(world: World, request: Request) -> Json:
    numbers = world.directory.of_account(request.path_params["node"])
    if not numbers:
        raise GraphError(100, "The account does not exist or cannot be reached", subcode=33)
    tier = tier_of(world.knobs.messaging_limit)
    return _page(request, [number.shown(_fields(request), tier) for number in numbers])


async def _show_node(world: World, request: Request) -> Json:
    path = request.path_params
    if path["node"] in world.directory.by_id:
        number = find_number(world, path["version"], path["node"], _bearer(request))
        return number.shown(_fields(request), tier_of(world.knobs.messaging_limit))
    template = world.templates.find_by_id(path["node"])
    if template is not None:
        return template.shown(_fields(request))
    if world.directory.of_account(path["node"]):
        return {"id": path["node"], "name": "Sandbox account"}
    raise GraphError(100, "The object does not exist or cannot be reached", subcode=33)


async def _on_templates(world: World, request: Request) -> Json:
    waba_id = request.path_params["node"]
    if not world.directory.of_account(waba_id):
        raise GraphError(100, "The account does not exist or cannot be reached", subcode=33)
    if request.method == "POST":
        return _create(world, waba_id, await request.body())
    if request.method == "DELETE":
        name, hsm_id = request.query_params.get("name"), request.query_params.get("hsm_id")
        if not name or not world.templates.delete(waba_id, name=name, hsm_id=hsm_id):
            raise GraphError(100, "Param name is missing or no template of this name exists")
        return {"success": True}
    found = world.templates.find_all(waba_id, dict(request.query_params))
    return _page(request, [template.shown(_fields(request)) for template in found])


def _create(world: World, waba_id: str, raw: bytes) -> Json:
    try:
        body = msgspec.json.decode(raw, type=dict[str, object])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise GraphError(100, "The request body is not a JSON object") from None
    review_s = world.knobs.template_review_s
    template = world.templates.create(waba_id, body, status="PENDING" if review_s else "APPROVED")
    say("template_created", template_id=template.id, status=template.status)
    if review_s:
        asyncio.get_running_loop().call_later(review_s, set_status, world, template, "APPROVED")
    else:
        tell_status(world, template)
    return {"id": template.id, "status": template.status, "category": template.category}


def set_status(world: World, template: Template, status: str) -> None:
    """Give a template another status and tell the callback when the knobs say so."""
    template.status = status
    world.templates.keep()
    tell_status(world, template)


def tell_status(world: World, template: Template) -> None:
    """Send `message_template_status_update`, if `template_webhooks` is on."""
    if not world.knobs.template_webhooks:
        return
    value: Json = {
        "event": template.status,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "message_template_category": template.category,
        "reason": "NONE" if template.status == "APPROVED" else None,
    }
    world.outbox.push(Update(template.waba_id, "message_template_status_update", "", value))
