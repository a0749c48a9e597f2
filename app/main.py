"""Door · HTTP: routers, middleware, lifespan."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any, TypedDict

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from app.consents import api as consents
from app.dispatch import api as dispatch
from app.dispatch.watch import show_sending
from app.duties import api as duties
from app.duties.tell_overdue import show_count
from app.evidence import api as evidence
from app.evidence.lag import show_lag
from app.inbound import api as inbound
from app.inbound.receive import Receiver
from app.inbound.watch import show_queue
from app.kit.health import MEDIA_TYPE as HEALTH_MEDIA_TYPE
from app.kit.health import Check, Health, HealthBody, alive
from app.kit.http import openapi, pages, problems, reference
from app.kit.http.middleware import Edge
from app.kit.logs import configure
from app.kit.metrics import HttpMetrics, Metrics, metrics
from app.notices import api as notices
from app.optins import api as optins
from app.purposes import api as purposes
from app.purposes.contact import log_contact_rules_off
from app.readiness import check_bells, check_database, check_guard, check_workers, newest_revision
from app.registers import api as registers
from app.retention import api as retention
from app.runtime import Runtime, open_runtime
from app.senders import api as senders
from app.settings import Settings
from app.subjects import api as subjects
from app.templates import api as templates
from app.tenants import api as tenants
from app.terms import api as terms

log = structlog.get_logger()

MOST_COUNT_S = 1.0  # a scrape must not wait for a database that is away


_http_metrics = HttpMetrics(metrics)  # once per process: a registry takes a name once


class State(TypedDict):
    """What every request finds as `request.state`."""

    run: Runtime
    receiver: Receiver
    health: Health
    metrics: Metrics


TAGS = [
    {"name": "batches", "description": "Send one template to many people, for one purpose."},
    {"name": "messages", "description": "One message: its state, its delivery log, and why."},
    {"name": "consents", "description": "What people agreed to, and everything that takes it back."},
    {"name": "opt-ins", "description": "Consent asked in the chat that the person began, one act at a time."},
    {"name": "reviews", "description": "Sentences that may mean STOP, for a human to read."},
    {"name": "requests", "description": "What people ask (Law 6698, article 11), with the clock of the answer."},
    {"name": "retention", "description": "What has to go, and when; what was destroyed."},
    {"name": "people", "description": "Who a number belongs to, everything that is held about them, and an end to it."},
    {"name": "notices", "description": "What people were told: immutable published versions."},
    {"name": "purposes", "description": "The closed registry of reasons to write."},
    {"name": "templates", "description": "Approved texts, and the purposes they may carry."},
    {"name": "senders", "description": "Numbers to write from."},
    {
        "name": "registers",
        "description": "What is written down about the processing: transfers, incidents and more.",
    },
    {"name": "duties", "description": "What is due, and when."},
    {"name": "terms", "description": "The operator's terms, and their acceptance by the tenant."},
    {"name": "api-keys", "description": "Keys, scopes, expiry."},
    {"name": "audit", "description": "Proof: receipts, the chain, its checkpoints and keys."},
    {"name": "system", "description": "Health and metrics."},
]

# Webhooks are found first.
ROOMS = (
    inbound,
    evidence,
    dispatch,
    optins,
    consents,
    notices,
    purposes,
    templates,
    senders,
    registers,
    duties,
    terms,
    tenants,
    subjects,
    retention,
)


class Service(FastAPI):
    """The application. A webhook goes straight to its door, past every layer of the framework, for they cost more than
    what is done there.
    """

    webhook: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the lifespan."""
        if self.webhook is not None and scope.get("path") == inbound.PATH and scope.get("method") == "POST":
            await self.webhook(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The whole HTTP service. Settings are read here when none are given."""
    settings = settings or Settings()
    app = Service(
        title="Toplu",
        version=version("toplu"),
        summary="Bulk WhatsApp sends with consent in the send path.",
        description="Every recipient is decided on: may we write to this person, for this purpose, now? "
        "Errors are RFC 9457 problems with a stable `code`; unknown fields and enum values may be added.",
        contact={"name": "The maintainers of Toplu"},
        license_info={"name": "All rights reserved"},
        openapi_tags=TAGS,
        docs_url=None,  # it would fetch its scripts from elsewhere; kit.http.reference needs nothing
        redoc_url=None,
        redirect_slashes=False,  # the redirect would repeat whatever Host was sent
        lifespan=partial(lifespan, settings),
    )
    for room in ROOMS:
        app.include_router(room.router)
    _add_system_routes(app)
    if settings.docs:
        reference.install(app)
    problems.install(app)
    edge = partial(Edge, metrics=_http_metrics, max_body_bytes=settings.max_body_bytes)
    app.add_middleware(edge)
    app.webhook = edge(inbound.receive_webhook, quiet={inbound.PATH})
    openapi.finish(app)
    return app


@asynccontextmanager
async def lifespan(settings: Settings, _app: FastAPI) -> AsyncIterator[State]:
    """From the first request to the last: what every request finds as `request.state` is opened here, and closed."""
    configure(settings.log_level)
    async with open_runtime(settings, "api") as run:
        receiver = Receiver(run)
        if settings.iys_mode == "off":
            log.warning("consents.iys_off", acknowledged_by=settings.iys_off_acknowledged_by)
        log_contact_rules_off(settings)
        yield State(run=run, receiver=receiver, health=_health(run), metrics=metrics)
        await receiver.close()


def _health(run: Runtime) -> Health:
    """Ready means: the database answers and is migrated. The rest is told of, never failing it."""
    expected = newest_revision()
    return Health(
        [
            Check("database", lambda: check_database(run, expected), critical=True),
            Check("bells", lambda: check_bells(run), critical=False, timeout_s=1.5),
            Check("workers", lambda: check_workers(run), critical=False),
            Check("sending", lambda: check_guard(run), critical=False),
        ]
    )


class HealthResponse(JSONResponse):
    """Health in its own media type."""

    media_type = HEALTH_MEDIA_TYPE


_READINESS: dict[int | str, dict[str, Any]] = {
    503: {"model": HealthBody, "description": "Not ready: a critical check failed."}
}
_METRICS: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}


def _add_system_routes(app: FastAPI) -> None:
    @app.get("/livez", tags=["system"], response_class=HealthResponse, response_model=HealthBody)
    async def get_liveness() -> Response:
        """The process answers."""
        status, body = alive()
        return HealthResponse(body, status)

    async def readiness(request: Request) -> Response:
        status, body = await request.state.health.report()
        return HealthResponse(body, status)

    ready: dict[str, Any] = {"response_class": HealthResponse, "response_model": HealthBody, "responses": _READINESS}

    @app.get("/readyz", tags=["system"], **ready)
    async def get_readiness(request: Request) -> Response:
        """The database answers and is migrated; the rest is reported."""
        return await readiness(request)

    @app.get("/startupz", tags=["system"], **ready)
    async def get_startup(request: Request) -> Response:
        """The same question as readiness, for a first start."""
        return await readiness(request)

    @app.get("/metrics", tags=["system"], response_class=Response, responses=_METRICS)
    async def get_metrics(request: Request) -> Response:
        """Metrics in Prometheus' text format."""
        try:
            async with asyncio.timeout(MOST_COUNT_S):
                await show_count(request.state.run.db)
                await show_lag(request.state.run.db)
                await show_sending(request.state.run.db)
                await show_queue(request.state.run.db)
        except Exception as error:  # noqa: BLE001 - a door: without a database the other metrics are still true
            log.warning("metrics.not_counted", error=type(error).__name__)
        body, media_type = request.state.metrics.render()
        return Response(body, media_type=media_type)

    app.include_router(pages.router)
