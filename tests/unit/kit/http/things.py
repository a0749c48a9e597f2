"""A small application that uses every part of the HTTP edge."""

from collections.abc import AsyncIterator
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, FastAPI, Request
from pydantic import MISSING, BaseModel, ConfigDict, Field, field_validator
from starlette.responses import PlainTextResponse, StreamingResponse

from app.kit.errors import BadValue, Conflict, NotFound, Unauthorized, Unavailable
from app.kit.http import openapi, pages, problems
from app.kit.http.body import accepts_up_to
from app.kit.http.middleware import Edge
from app.kit.http.moments import Moment
from app.kit.ids import PrefixedId
from app.kit.metrics import HttpMetrics, Metrics
from app.kit.page import PageBody

CANARY = "+905321234567"
ThingId = Annotated[UUID, PrefixedId("thg")]


class ThingClosed(Conflict):
    """This thing is closed."""

    code = "thing_closed"
    title = "Thing closed"


class State(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Round(BaseModel):
    shape: Literal["round"]
    radius: int


class Square(BaseModel):
    shape: Literal["square"]
    side: int


class Part(BaseModel):
    to: str
    form: Annotated[Round | Square, Field(discriminator="shape")] | MISSING = MISSING

    @field_validator("to")
    @classmethod
    def _is_short(cls, value: str) -> str:
        if value == "too long":
            raise BadValue("part_too_long", "A part is short.")
        if len(value) > 20:
            raise ValueError(f"{value} is too long")
        return value


class NewThing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(max_length=20)]
    parts: list[Part] | MISSING = MISSING
    at: Moment | MISSING = MISSING
    parent: UUID | MISSING = MISSING
    beside: ThingId | MISSING = MISSING


class Thing(BaseModel):
    id: ThingId
    state: State | None
    note: str | None
    kind: Literal["plain"] | None
    size: str | int | None
    first: Part | MISSING = MISSING


class ThingPage(PageBody[Thing]):
    pass


async def with_scope() -> None: ...


with_scope.toplu_scope = "things:read"  # type: ignore[attr-defined]
router = APIRouter(prefix="/things", tags=["Things"])


@router.get("", dependencies=[Depends(with_scope)])
async def list_things(state: State | None = None, limit: int | None = None) -> ThingPage:
    return ThingPage(data=[], next_cursor=None, has_more=False)


@router.post("", status_code=201, dependencies=[Depends(with_scope)], responses=openapi.declares(ThingClosed, NotFound))
async def create_thing(body: NewThing) -> Thing:
    return Thing(id=UUID(int=1), state=None, note=None, kind=None, size=None)


@router.get("/{thing_id}")
async def get_thing(thing_id: ThingId) -> Thing:
    structlog.contextvars.bind_contextvars(thing_id=str(thing_id))
    return Thing(id=thing_id, state=State.OPEN, note=None, kind=None, size=1)


@router.post("/{thing_id}/close")
async def close_thing(thing_id: ThingId) -> None:
    raise ThingClosed(current_state="closed", allowed_actions=["open"])


@router.post("/bulk")
@accepts_up_to(1_000_000)
async def load_things(request: Request) -> int:
    return sum([len(chunk) async for chunk in request.stream()])


@router.post("/explode")
async def explode() -> None:
    raise RuntimeError(f"the number {CANARY} exploded")


@router.post("/explode-late")
async def explode_late() -> StreamingResponse:
    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("no second half")

    return StreamingResponse(half())


@router.post("/enter")
async def enter_things() -> None:
    raise Unauthorized


@router.post("/overload")
async def overload() -> None:
    raise Unavailable(retry_after_s=1.2)


@router.get("/plain/text", include_in_schema=False)
async def plain_text() -> PlainTextResponse:
    return PlainTextResponse("ü", headers={"cache-control": "max-age=5"})


def make_app(*, allowed_hosts: tuple[str, ...] = (), metrics: Metrics | None = None) -> FastAPI:
    app = FastAPI(
        title="Things",
        version="1",
        summary="All about things.",
        description="For tests.",
        contact={"name": "Nobody", "url": "https://toplu.invalid"},
        license_info={"name": "All rights reserved"},
        servers=[{"url": "/", "description": "This server."}],
        openapi_tags=[{"name": "Things", "description": "What there is."}],
    )
    first = APIRouter(prefix="/v1")
    first.include_router(router)
    app.include_router(first)
    app.include_router(pages.router)
    problems.install(app)
    openapi.finish(app)
    app.add_middleware(
        Edge, metrics=HttpMetrics(metrics or Metrics()), max_body_bytes=1000, allowed_hosts=allowed_hosts
    )
    return app
