"""One row that the database refuses to claim must not hold up the page it stands in: it leaves the queue as failed."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from uuid import UUID

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.kit.db import Database, Session, is_away
from app.kit.ids import encode
from app.kit.sql import sql_beside

log = structlog.get_logger()

_first = text(
    "SELECT id FROM dispatch WHERE tenant_id = :tenant AND batch_id = :batch AND state = 'queued'"
    " AND due_at <= clock_timestamp() ORDER BY due_at, id LIMIT :size"
)
_quarantine = sql_beside(__file__)
TRIED_AT_ONCE = 25  # messages, whose people are locked meanwhile: whoever restricts one of them waits for it
LACKING = frozenset({"42", "XX"})  # a column, a right, a page of an index: about the database, not about a row


class _Undo(Exception):
    """What was only tried is rolled back."""


def is_poison(error: DBAPIError) -> bool:
    """Whether the database refused what it was asked, and not merely went away or was busy."""
    return not is_away(error) and _code(error)[:2] in {"22", "23", "P0"} | LACKING


def _code(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


async def quarantine(
    db: Database, tenant: UUID, batch: UUID, *, size: int, claim: Callable[[Session, Sequence[UUID]], Awaitable[object]]
) -> int:
    """Try the page row by row, a few at once, keeping nothing, and fail the rows that cannot be claimed. How many.

    `claim` claims exactly these messages. If all of several are refused, or one for what the database lacks, it is no
    row's fault: then nothing is done.
    """
    async with db.begin(tenant) as session:
        named = {"tenant": tenant, "batch": batch, "size": size}
        ids = list((await session.execute(_first, named)).scalars())
    refused: list[UUID] = []
    lacking = False
    for at in range(0, len(ids), TRIED_AT_ONCE):
        codes = await _try(db, tenant, ids[at : at + TRIED_AT_ONCE], claim)
        refused += codes
        lacking |= any(code[:2] in LACKING for code in codes.values())
    if not refused or (len(refused) == len(ids) and (lacking or len(ids) > 1)):
        return 0
    async with db.begin(tenant) as session:
        failed: int = (await session.execute(_quarantine, {"tenant": tenant, "ids": refused})).scalar_one()
    for id_ in refused:
        log.error("dispatch.quarantined", batch_id=encode("bat", batch), message_id=encode("msg", id_))
    return failed


async def _try(
    db: Database, tenant: UUID, ids: Sequence[UUID], claim: Callable[[Session, Sequence[UUID]], Awaitable[object]]
) -> dict[UUID, str]:
    """Which of these the database refuses, and with which code."""
    refused: dict[UUID, str] = {}
    with suppress(_Undo):
        async with db.begin(tenant) as session:
            for id_ in ids:
                try:
                    async with session.begin_nested():
                        await claim(session, [id_])
                except DBAPIError as error:
                    if not is_poison(error):
                        raise
                    refused[id_] = _code(error)
            raise _Undo
    return refused
