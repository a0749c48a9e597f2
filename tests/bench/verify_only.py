"""A webhook endpoint that verifies the signature and keeps nothing: the reference of `inbound`."""

import hashlib
import hmac
import os

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

SECRET = os.environ["SECRET"].encode()


async def webhook(request: Request) -> Response:
    """200 when the signature fits."""
    expected = "sha256=" + hmac.new(SECRET, await request.body(), hashlib.sha256).hexdigest()
    fits = hmac.compare_digest(expected, request.headers.get("x-hub-signature-256", ""))
    return Response(status_code=200 if fits else 401)


app = Starlette(routes=[Route("/providers/whatsapp/webhook", webhook, methods=["POST"])])
