"""The webhook that WhatsApp calls. Plain Starlette routes: the framework's own dispatch would cost twice the work."""

import re
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from app.inbound.errors import HandshakeRefused
from app.inbound.receive import Receiver
from app.kit.errors import EncodingRefused
from app.kit.http.body import accepts_up_to
from app.runtime import Runtime
from app.whatsapp.envelope import MAX_BODY_BYTES
from app.whatsapp.signature import verify_token

PATH: Final = "/providers/whatsapp/webhook"
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)  # echoed, so nothing that a browser could run

router = APIRouter()


async def shake_hands(request: Request) -> Response:
    """Answer the handshake of a subscription with its challenge. Raises HandshakeRefused for anything else."""
    request.scope["route"] = _TEMPLATE
    run: Runtime = request.state.run
    token = run.settings.whatsapp_verify_token
    asked = request.query_params
    challenge = asked.get("hub.challenge", "")
    known = verify_token(asked.get("hub.verify_token"), token.get_secret_value() if token else "")
    if not known or asked.get("hub.mode") != "subscribe" or not _CHALLENGE.fullmatch(challenge):
        raise HandshakeRefused
    return PlainTextResponse(challenge)


@accepts_up_to(MAX_BODY_BYTES)
async def receive_webhook(request: Request) -> Response:
    """Keep a signed webhook and acknowledge it. The 200 leaves after the commit; nothing is understood before it."""
    request.scope["route"] = _TEMPLATE
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise EncodingRefused
    raw = await request.body()
    receiver: Receiver = request.state.receiver
    await receiver.receive(raw, request.headers.get("x-hub-signature-256"))
    return Response()


# A plain route does not leave its template in the scope, where the access line and the metrics look for it.
_TEMPLATE: Final = Route(PATH, receive_webhook)

router.add_route(PATH, shake_hands, ["GET"], include_in_schema=False)
router.add_route(PATH, receive_webhook, ["POST"], include_in_schema=False)
