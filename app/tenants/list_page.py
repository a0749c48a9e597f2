"""List one page of a tenant's things, by the id they are sorted by."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from pydantic import JsonValue

from app.kit.page import DEFAULT_LIMIT, LONGEST_CURSOR, MAX_LIMIT, Filters, Page, next_link, read_limit
from app.tenants.door import Transaction


class HasId(Protocol):
    """Anything that is listed by id."""

    @property
    def id(self) -> UUID:
        """What the page is sorted by."""


Row = TypeVar("Row", bound=HasId)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which page was asked for, and the answer whose `Link` header may name the next."""

    request: Request
    response: Response
    cursor: str | None
    limit: int


# Told in the document and judged by `kit.page`, which answers with a code of its own.
_CURSOR: dict[str, JsonValue] = {"minLength": 1, "maxLength": LONGEST_CURSOR}
_LIMIT: dict[str, JsonValue] = {"minimum": 1}
_Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before.", json_schema_extra=_CURSOR)]
_Limit = Annotated[int, Query(description=f"How many; more than {MAX_LIMIT} is {MAX_LIMIT}.", json_schema_extra=_LIMIT)]


def _asked(request: Request, response: Response, cursor: _Cursor = None, limit: _Limit = DEFAULT_LIMIT) -> Asked:
    return Asked(request, response, cursor, read_limit(limit))


# What a route that lists declares: `asked: AskedPage`.
AskedPage = Annotated[Asked, Depends(_asked)]


async def list_page(
    tx: Transaction,
    asked: Asked,
    fetch: Callable[[UUID | None, int], Awaitable[list[Row]]],
    *,
    filters: Filters | None = None,
) -> Page[Row]:
    """The page that `fetch(after, limit)` gives, and its `Link` header.

    A cursor belongs to its tenant, path and filters. Raises CursorInvalid.
    """
    bound = {**(filters or {}), "tenant": str(tx.tenant), "path": asked.request.url.path}
    after = tx.run.cursors.read(asked.cursor, bound)
    rows = await fetch(UUID(str(after[0])) if after else None, asked.limit + 1)
    page = tx.run.cursors.cut(rows, asked.limit, key=lambda row: (str(row.id),), filters=bound)
    if page.next_cursor is not None:
        path, query = asked.request.url.path, dict(asked.request.query_params)
        asked.response.headers["link"] = next_link(path, query, page.next_cursor)
    return page
