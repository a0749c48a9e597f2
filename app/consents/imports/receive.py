"""Receive an import: open it, take in its chunks, each in a transaction of its own, and close it."""

import time
from collections.abc import AsyncIterator
from uuid import UUID

from sqlalchemy import text

from app.consents.imports.rows import Given
from app.consents.imports.take import CHUNK_ROWS, Progress, Target, take
from app.kit.db import Session
from app.kit.ids import new_id
from app.kit.rows.digest import Digest
from app.kit.rows.errors import StreamEmpty
from app.runtime import Runtime, TenantKeys

CHUNK_BYTES = 2 * 1024 * 1024
SEEN_EVERY_S = 15.0

_open = text(
    "INSERT INTO consent_imports (id, tenant_id, state, media_type, api_key_id)"
    " VALUES (:id, :tenant, 'open', :media_type, :api_key)"
)
_seen = text(
    "UPDATE consent_imports SET seen_at = clock_timestamp() WHERE tenant_id = :tenant AND id = :import"
    " AND state = 'open'"
)
_end = text(
    "UPDATE consent_imports SET state = :state, closed_at = clock_timestamp(), digest = CAST(:digest AS bytea)"
    " WHERE tenant_id = :tenant AND id = :import AND state = 'open'"
)


async def open_import(run: Runtime, tenant: UUID, media_type: str, api_key_id: UUID) -> UUID:
    """Open an import, visible at once, so that its progress can be asked for. Its id."""
    import_id = new_id()
    async with run.db.begin(tenant) as session:
        await session.execute(
            _open, {"id": import_id, "tenant": tenant, "media_type": media_type, "api_key": api_key_id}
        )
    return import_id


async def receive(
    run: Runtime, keys: TenantKeys, target: Target, rows: AsyncIterator[list[Given]], body: Digest
) -> Progress:
    """Take in the rows as they arrive, 1,000 of them or 2 MB at a time. Raises StreamEmpty.

    Each chunk is committed before the next is read. A slow stream says every 15 s that it lives.
    """
    so_far = Progress()
    waiting: list[Given] = []
    written_bytes, seen_at = 0, time.monotonic()
    async for some in rows:
        waiting += some
        while len(waiting) >= CHUNK_ROWS or (waiting and body.passed - written_bytes >= CHUNK_BYTES):
            chunk, waiting = waiting[:CHUNK_ROWS], waiting[CHUNK_ROWS:]
            async with run.db.begin(target.tenant) as session:
                await take(session, keys, target, chunk, so_far)
            written_bytes, seen_at = body.passed, time.monotonic()
        if time.monotonic() - seen_at > SEEN_EVERY_S:
            async with run.db.begin(target.tenant) as session:
                await session.execute(_seen, {"tenant": target.tenant, "import": target.import_id})
            seen_at = time.monotonic()
    if waiting:
        async with run.db.begin(target.tenant) as session:
            await take(session, keys, target, waiting, so_far)
    if so_far.rows == 0:
        raise StreamEmpty
    return so_far


async def complete(session: Session, target: Target, digest: bytes) -> None:
    """The stream is whole."""
    named = {"tenant": target.tenant, "import": target.import_id}
    await session.execute(_end, {**named, "state": "completed", "digest": digest})


async def abort(run: Runtime, target: Target) -> None:
    """The stream ended any other way. What its chunks committed stays."""
    async with run.db.begin(target.tenant) as session:
        named = {"tenant": target.tenant, "import": target.import_id}
        await session.execute(_end, {**named, "state": "aborted", "digest": None})
