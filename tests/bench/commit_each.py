"""A webhook endpoint that verifies and commits each body on its own: what most people write. A reference of `inbound`.

It writes the same two rows, in one statement, over a pool as large as the product's.
"""

import hashlib
import hmac
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.kit.ids import new_id

SECRET = os.environ["SECRET"].encode()
KEEP = """
WITH kept AS (INSERT INTO toplu.webhook_raw (id, body_ct) VALUES ($1, $2))
INSERT INTO toplu.webhook_queue (raw_id, urgent) VALUES ($1, false)
"""
POOL = 20


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Open the pool."""
    async with asyncpg.create_pool(os.environ["DATABASE"], min_size=POOL, max_size=POOL) as pool:
        app.state.pool = pool
        yield


async def webhook(request: Request) -> Response:
    """200 when the signature fits and the body is on disk."""
    body = await request.body()
    expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("x-hub-signature-256", "")):
        return Response(status_code=401)
    await request.app.state.pool.execute(KEEP, new_id(), body)
    return Response(status_code=200)


app = Starlette(routes=[Route("/providers/whatsapp/webhook", webhook, methods=["POST"])], lifespan=lifespan)
