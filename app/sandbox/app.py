"""The ASGI application: control routes, then the Graph's, with the outbox running beside them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from app.sandbox import control, graph
from app.sandbox.accept import refusal
from app.sandbox.control import Subscription
from app.sandbox.failures import GraphError
from app.sandbox.subscribe import keep_trying
from app.sandbox.world import World


def create_app(world: World, subscription: Subscription | None) -> Starlette:
    """The sandbox over one world; a subscription is verified in the background until it succeeds."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(world.outbox.run())]
        if subscription is not None:
            world.outbox.expected = True
            tasks.append(
                asyncio.create_task(
                    keep_trying(
                        world,
                        url=subscription.callback,
                        verify_token=subscription.verify_token,
                        app_secret=subscription.app_secret,
                    )
                )
            )
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        world.truth.close()

    async def unknown_path(_: Request, __: Exception) -> Response:
        answer = refusal(world, GraphError(100, "Unknown path or method", status=404))
        return Response(answer.body, answer.status, media_type="application/json")

    return Starlette(
        routes=[*control.routes(world), *graph.routes(world)],
        lifespan=lifespan,
        exception_handlers={404: unknown_path, 405: unknown_path},
    )
