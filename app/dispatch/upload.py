"""Take in a stream of recipients of any length, chunk by chunk, with flat memory.

Each chunk commits by itself, so memory and locks stay small; none of it counts before the stream has closed. Until then
the batch is `loading`, which can neither start nor be claimed from. A stream that ends any other way is aborted and its
rows removed: here when we notice, by the sweep when our process is gone.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import text

from app.dispatch.abort import abort, remove_aborted
from app.dispatch.create import aim
from app.dispatch.errors import (
    BatchClosed,
    BatchUnknown,
    RecipientsInvalid,
    UploadInProgress,
)
from app.dispatch.flow.accept import Recipient
from app.dispatch.flow.enqueue import Counts
from app.dispatch.queries import find_batch
from app.dispatch.take_in import CHUNK_ROWS, Looked, RowProblem, Target, look, write
from app.kit.db import Session
from app.kit.errors import FieldError
from app.kit.ids import new_id
from app.kit.rows.digest import Digest
from app.kit.rows.errors import StreamEmpty
from app.kit.sql import sql_beside
from app.runtime import Runtime, TenantKeys

FIRST_PROBLEMS = 20
CHUNK_BYTES = 4 * 1024 * 1024
SEEN_EVERY_S = 15.0
WORDS = {
    "line_too_long": "The line is longer than 64 KiB.",
    "more_cells_than_columns": "The row has more cells than the header; a cell that holds the delimiter needs quotes.",
    "unreadable": "This cannot be read as a recipient.",
    "basis_not_applicable": "The purpose rests on consent, so no other basis can be given.",
    "invalid_number": "This cannot be a phone number (or a business-scoped user id).",
    "variable_missing": "The template needs a value here.",
    "variable_unknown": "The template has no variable of one of these names.",
    "variable_empty": "The value is empty.",
    "variable_too_long": "The value is too long.",
    "variable_line_break_or_tab": "The value holds a line break or a tab.",
    "variable_spaces": "The value holds more than four spaces in a row.",
    "variable_control_character": "The value holds a control character.",
}

_open = text(
    "INSERT INTO uploads (id, tenant_id, batch_id, state, media_type)"
    " VALUES (:id, :tenant, :batch, 'open', :media_type)"
    " ON CONFLICT (batch_id) WHERE state = 'open' DO NOTHING RETURNING id"
)
_loading = text("UPDATE batches SET state = 'loading', version = version + 1 WHERE tenant_id = :tenant AND id = :batch")
_seen = text(
    "UPDATE uploads SET seen_at = clock_timestamp(), row_count = row_count + :n"
    " WHERE tenant_id = :tenant AND id = :upload AND state = 'open' RETURNING id"
)
_close = sql_beside(__file__, "close")


@dataclass(slots=True)
class Received:
    """What a stream brought: how many rows went where, and the first refused ones."""

    upload: UUID
    rows: int = 0
    counts: Counts = field(default_factory=Counts)
    refused: list[RowProblem] = field(default_factory=list)
    invalid: list[RowProblem] = field(default_factory=list)

    def add(self, problems: list[RowProblem], invalid: list[RowProblem], counts: Counts, rows: int) -> None:
        """Fold one chunk in."""
        self.rows += rows
        self.counts.update(counts)
        self.refused += problems[: FIRST_PROBLEMS - len(self.refused)]
        self.invalid += invalid[: FIRST_PROBLEMS - len(self.invalid)]


async def open_upload(session: Session, tenant: UUID, batch: UUID, media_type: str) -> UUID:
    """Open a stream into a draft. Raises BatchUnknown, BatchClosed, UploadInProgress."""
    await remove_aborted(session, tenant, batch)
    row = await find_batch(session, tenant, batch, lock=True)
    if row is None:
        raise BatchUnknown
    if row.state == "loading":
        raise UploadInProgress(retry_after_s=5)
    if row.state != "draft":
        raise BatchClosed(current_state=row.state)
    upload = new_id()
    named = {"id": upload, "tenant": tenant, "batch": batch, "media_type": media_type}
    if (await session.execute(_open, named)).one_or_none() is None:
        raise UploadInProgress(retry_after_s=5)
    await session.execute(_loading, {"tenant": tenant, "batch": batch})
    return upload


async def receive(
    run: Runtime,
    keys: TenantKeys,
    target: Target,
    rows: AsyncIterator[list[Recipient]],
    body: Digest,
    *,
    reject: bool,
) -> Received:
    """Write the rows of an open upload, chunk by chunk. Nothing is counted yet.

    A chunk ends with 2,500 rows or 4 MB of body, whichever comes first: memory stays flat with long values too. A slow
    stream says every 15 s that it lives. When `reject`: raises RecipientsInvalid after the first chunk with an invalid
    row.
    """
    received = Received(target.place.upload)
    waiting: list[Recipient] = []
    written_bytes, seen_at = 0, time.monotonic()
    async with Taking(run, keys, target, received, reject=reject) as taking:
        async for some in rows:
            waiting += some
            while len(waiting) >= CHUNK_ROWS or (waiting and body.passed - written_bytes >= CHUNK_BYTES):
                chunk, waiting = waiting[:CHUNK_ROWS], waiting[CHUNK_ROWS:]
                await taking.take(chunk)
                written_bytes, seen_at = body.passed, time.monotonic()
            if time.monotonic() - seen_at > SEEN_EVERY_S:
                await _say_alive(run, target)
                seen_at = time.monotonic()
        if waiting:
            await taking.take(waiting)
    if received.rows == 0:
        raise StreamEmpty
    return received


@dataclass(slots=True)
class Taking:
    """Two chunks at once, each in its own transaction: while one is written, the next is read and judged.

    Written one after the other, so that of two rows for one person the first one counts.
    """

    run: Runtime
    keys: TenantKeys
    target: Target
    received: Received
    reject: bool = field(kw_only=True)
    _writing: "asyncio.Task[None] | None" = None

    async def take(self, chunk: list[Recipient]) -> None:
        """Judge a chunk, and begin to write it as soon as the one before is written. Raises what that one raised."""
        async with self.run.db.begin(self.target.place.tenant) as session:
            looked = await look(session, self.keys, self.target, chunk)
        await self._written()
        self._writing = asyncio.create_task(self._write(looked))

    async def __aenter__(self) -> "Taking":
        return self

    async def __aexit__(self, failed: type[BaseException] | None, *_: object) -> None:
        """Nothing is left on its way. What a write raised counts unless something else is being raised already."""
        if failed is None:
            await self._written()
        elif self._writing is not None:
            await asyncio.gather(self._writing, return_exceptions=True)

    async def _written(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            await writing

    async def _write(self, looked: Looked) -> None:
        place = self.target.place
        async with self.run.db.begin(place.tenant) as session:
            named = {"tenant": place.tenant, "upload": place.upload, "n": len(looked.rows)}
            if (await session.execute(_seen, named)).one_or_none() is None:
                raise UploadInProgress  # the sweep gave us up as lost; whoever comes next starts afresh
            taken = await write(session, self.keys, self.target, looked)
        self.received.add(taken.refused, taken.invalid, taken.counts, len(looked.rows))
        if self.reject and self.received.invalid:
            raise RecipientsInvalid(errors=[as_field_error(problem) for problem in self.received.invalid])


async def _say_alive(run: Runtime, target: Target) -> None:
    place = target.place
    async with run.db.begin(place.tenant) as session:
        named = {"tenant": place.tenant, "upload": place.upload, "n": 0}
        if (await session.execute(_seen, named)).one_or_none() is None:
            raise UploadInProgress  # the sweep gave us up as lost; whoever comes next starts afresh


async def close_upload(session: Session, tenant: UUID, batch: UUID, received: Received, digest: bytes) -> None:
    """The stream is whole: count it and let the batch be a draft again. Raises UploadInProgress if it was given up."""
    counts = [(state, reason, n) for (state, reason), n in received.counts.items()]
    closed = await session.execute(
        _close,
        {
            "tenant": tenant,
            "batch": batch,
            "upload": received.upload,
            "digest": digest,
            "rows": received.rows,
            "states": [state for state, _, _ in counts],
            "reasons": [reason for _, reason, _ in counts],
            "numbers": [n for _, _, n in counts],
        },
    )
    if closed.scalar_one() != 1:
        raise UploadInProgress


async def give_up(run: Runtime, tenant: UUID, batch: UUID, upload: UUID) -> None:
    """Abort an upload and remove what it wrote."""
    async with run.db.begin(tenant) as session:
        await abort(session, tenant, upload)
        await remove_aborted(session, tenant, batch)


def as_field_error(problem: RowProblem, under: str | None = None) -> FieldError:
    """A refused row as an error entry: where to look, never what was there.

    In a stream the pointer begins with the row's number; `under` a JSON array it is the index, which
    counts from 0; `under` the empty text the row is the body itself.
    """
    place = {None: f"/{problem.row_number}", "": ""}.get(under, f"{under}/{problem.row_number - 1}")
    pointer = place + (f"/{problem.field}" if problem.field else "")
    detail = WORDS.get(problem.kind or problem.reason, "This is not acceptable.")
    return FieldError(pointer, problem.reason, f"Row {problem.row_number}: {detail}")


__all__ = [
    "Received",
    "aim",
    "as_field_error",
    "close_upload",
    "give_up",
    "open_upload",
    "receive",
]
