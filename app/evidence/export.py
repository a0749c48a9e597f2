"""The whole chain as JSON Lines, with flat memory: what an auditor takes away and examines elsewhere.

The first line says whose it is and which key signs; then every link with its content, in order, and each checkpoint
behind the last link it knows; the last line says how many there were, so a cut file can be told. Where a content was
destroyed because its time was over, the link names the run and the act that did it.
"""

import base64
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from app.evidence import queries
from app.evidence.chain import origin_of
from app.evidence.contents import in_utc, read_contents
from app.evidence.signer import list_vouchers, signer_of
from app.kit.clock import utc_now
from app.kit.db import Session
from app.kit.ids import encode
from app.runtime import Runtime

SCHEMA = 1
PAGE = 2_000

_encode = msgspec.json.Encoder().encode


async def export_chain(run: Runtime, tenant: UUID) -> AsyncIterator[bytes]:
    """Lines of the export, some at a time. A transaction per page; what is sealed meanwhile is left for the next."""
    async with run.db.begin(tenant) as session:
        newest = await queries.find_newest_checkpoint(session, tenant)
        vouchers = await list_vouchers(session, tenant)
    size = 0 if newest is None else newest.size
    keys = [signer_of(run, tenant).verifier.text]
    head = {"type": "export", "schema": SCHEMA, "tenant": encode("ten", tenant), "origin": origin_of(tenant)}
    head |= {"keys": keys, "vouchers": vouchers}
    yield _line(head | {"links": size, "made_at": utc_now().isoformat(timespec="seconds")})
    checkpoints = 0
    for after in range(0, size, PAGE):
        async with run.db.begin(tenant) as session:
            await in_utc(session)
            lines, signed = await _page(session, tenant, after, min(PAGE, size - after))
        checkpoints += signed
        yield lines
    yield _line({"type": "end", "links": size, "checkpoints": checkpoints})


async def _page(session: Session, tenant: UUID, after: int, size: int) -> tuple[bytes, int]:
    links = await queries.list_links(session, tenant, after=after, size=size)
    contents = await contents_of(session, tenant, links)
    signed = await queries.list_checkpoints_between(session, tenant, after + 1, after + size)
    behind = {row.size: row for row in signed}
    gone = [link.source_id for link in links if link.source_id not in contents]
    gaps = await queries.find_destroyed(session, tenant, gone)
    lines: list[bytes] = []
    for link in links:
        content = contents.get(link.source_id)
        shown = {"type": "link", "seq": link.seq, "source": link.source, "id": str(link.source_id)}
        shown |= {"digest": link.digest.hex(), "hash": link.hash.hex(), "sealed_at": link.sealed_at.isoformat()}
        if link.source_id in gaps:
            gap = gaps[link.source_id]
            shown["destroyed"] = {"run": encode("dst", gap.run), "act": str(gap.act)}
        lines.append(_line(shown | {"content": None if content is None else msgspec.Raw(content)}))
        if link.seq in behind:
            row = behind[link.seq]
            behind_link = {"type": "checkpoint", "id": encode("chk", row.id), "size": row.size, "note": row.note}
            stamp = {} if row.stamp is None else {"stamp": base64.b64encode(row.stamp).decode()}
            lines.append(_line(behind_link | stamp))
    return b"".join(lines), len(signed)


async def contents_of(session: Session, tenant: UUID, links: list[Row[Any]]) -> dict[UUID, bytes]:
    """The canonical contents of these links, by the id of what they are about; gone ones are absent."""
    found: dict[UUID, bytes] = {}
    for source in ("consent", "audit", "decisions"):
        ids = [link.source_id for link in links if link.source == source]
        found |= await read_contents(session, tenant, source, ids)
    return found


def _line(value: dict[str, Any]) -> bytes:
    return _encode(value) + b"\n"
