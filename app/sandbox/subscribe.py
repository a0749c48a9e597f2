"""The handshake: a callback is used only after it has echoed our challenge."""

import asyncio
import secrets

import httpx

from app.sandbox.log import say
from app.sandbox.outbox import Callback
from app.sandbox.world import World


async def subscribe(world: World, *, url: str, verify_token: str, app_secret: str) -> bool:
    """Ask the callback as Meta does; True when it answered 200 with the raw challenge and is in use now."""
    challenge = str(secrets.randbelow(10**10))
    asked = {"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token}
    status: int | str
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as http:
            answer = await http.get(url, params=asked)
        status, verified = answer.status_code, answer.status_code == 200 and answer.text == challenge
    except (httpx.HTTPError, httpx.InvalidURL) as lost:
        status, verified = type(lost).__name__, False
    if verified:
        world.outbox.subscribe(Callback(url, app_secret))
    say("subscribed" if verified else "subscription_refused", status=status)
    return verified


async def keep_trying(world: World, *, url: str, verify_token: str, app_secret: str) -> None:
    """Repeat the handshake until it succeeds: the callback may start later than we do."""
    wait_s = 0.1
    while not await subscribe(world, url=url, verify_token=verify_token, app_secret=app_secret):
        await asyncio.sleep(wait_s)
        wait_s = min(2.0, wait_s * 1.5)
