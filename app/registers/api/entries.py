"""The routes of one register: enter, list, see, change, end. Six registers, one description."""

from collections.abc import Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Response

from app.kit.errors import NotFound
from app.kit.http.idempotency import Answer
from app.kit.http.openapi import declares
from app.kit.ids import PrefixedId, encode
from app.registers import queries
from app.registers.change import change
from app.registers.describe import DISCLOSURES, INCIDENTS, Register
from app.registers.end import end
from app.registers.enter import enter
from app.registers.errors import DisclosureRefused, EntryBuiltIn, EntryEnded, IncidentUnreported
from app.registers.fields import EndedEntry
from app.registers.judge import TELL_BOARD_WITHIN
from app.tenants.door import Transaction, reads, writes
from app.tenants.list_page import AskedPage, list_page
from app.tenants.name_actor import name_actor
from app.tenants.remember import Repeatable, answer_with, once

Reading = Annotated[Transaction, reads("registers:read")]
Writing = Annotated[Transaction, writes("registers:write")]


def add_routes(router: APIRouter, register: Register) -> None:
    """Add what this register can do; one that has no `change` can only be added to and read."""
    entry_id: Any = Annotated[UUID, PrefixedId(register.prefix), Path(alias=f"{register.one}_id")]
    one = f"/{register.name}/{{{register.one}_id}}"
    refusals = [DisclosureRefused] if register is DISCLOSURES else []
    said: dict[str, Any] = {"description": register.about}

    def add(method: str, path: str, verb: str, answer: Any, work: Callable[..., Any], **more: Any) -> None:
        name = f"{verb}_{register.one if verb != 'list' else register.name}"
        router.add_api_route(path, work, methods=[method], name=name, response_model=answer, **said | more)

    add(
        *("POST", f"/{register.name}", "create", register.shown, _typed(_create(register), body=register.new)),
        status_code=201,
        summary=f"Enter a{_n(register)} {register.one}",
        responses=declares(*refusals),
    )
    add(*("GET", f"/{register.name}", "list", register.page, _list(register)), summary=f"List the {register.name}")
    add(
        *("GET", one, "get", register.shown, _typed(_get(register), entry_id=entry_id)),
        summary=f"See one {register.one}",
        responses=declares(NotFound),
    )
    if register.change is None:
        return
    add(
        *("PATCH", one, "update", register.shown, _typed(_change(register), entry_id=entry_id, body=register.change)),
        summary=f"Change a{_n(register)} {register.one}",
        responses=declares(NotFound, EntryEnded),
    )
    ending = (NotFound, EntryEnded, IncidentUnreported if register is INCIDENTS else EntryBuiltIn)
    add(
        *("POST", f"{one}/end", "end", register.shown, _typed(_end(register), entry_id=entry_id)),
        summary=f"End a{_n(register)} {register.one}",
        responses=declares(*ending),
    )


def _create(register: Register) -> Callable[..., Any]:
    async def create(request: Repeatable, tx: Writing, body: Any) -> Response:
        async def work() -> Answer:
            actor = name_actor(tx.caller)
            entry = await enter(tx.session, tx.tenant, register, body.model_dump(), actor=actor)
            place = f"/v1/registers/{register.name}/{encode(register.prefix, entry.id)}"
            return answer_with(201, _shown(register, entry), location=place)

        return await once(tx, request, work)

    return create


def _list(register: Register) -> Callable[..., Any]:
    async def list_(tx: Reading, asked: AskedPage) -> Any:
        page = await list_page(
            tx,
            asked,
            lambda after, limit: queries.list_entries(tx.session, tx.tenant, register, after=after, limit=limit),
        )
        data = [_shown(register, entry) for entry in page.rows]
        return register.page(data=data, next_cursor=page.next_cursor, has_more=page.has_more)

    return list_


def _get(register: Register) -> Callable[..., Any]:
    async def get(tx: Reading, entry_id: Any) -> Any:
        return _shown(register, await queries.get_entry(tx.session, tx.tenant, register, entry_id))

    return get


def _change(register: Register) -> Callable[..., Any]:
    async def update(tx: Writing, entry_id: Any, body: Any) -> Any:
        actor = name_actor(tx.caller)
        return _shown(
            register,
            await change(tx.session, tx.tenant, register, entry_id, given=body.model_dump(), actor=actor),
        )

    return update


def _end(register: Register) -> Callable[..., Any]:
    async def end_(request: Repeatable, tx: Writing, entry_id: Any, body: EndedEntry) -> Response:
        async def work() -> Answer:
            actor = name_actor(tx.caller)
            entry = await end(tx.session, tx.tenant, register, entry_id, reason=body.reason, actor=actor)
            return answer_with(200, _shown(register, entry))

        return await once(tx, request, work)

    return end_


def _typed(work: Callable[..., Any], **types: Any) -> Callable[..., Any]:
    """The same function with the register's own types, which the framework reads from its annotations."""
    work.__annotations__ = {**work.__annotations__, **types}
    return work


def _shown(register: Register, entry: queries.Entry) -> Any:
    values = dict(entry.values)
    if register is INCIDENTS:
        values["notify_board_by"] = values["detected_at"] + TELL_BOARD_WITHIN
    return register.shown.model_validate(values)


def _n(register: Register) -> str:
    return "n" if register.one[0] in "aeiou" else ""
