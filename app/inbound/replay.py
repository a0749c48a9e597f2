"""Read every kept webhook again: compare what they told with what is kept of it, or settle it once more.

What was told is gathered in a file of its own (SQLite, in the folder for temporary files, gone at the end): ids, kinds,
times and codes, nothing of a person. So the memory stays flat, however many webhooks there are.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import text

from app.dispatch.compare_told import FIRST, compare_told, list_logged
from app.dispatch.flow.settle import News, Told, settle, told_of
from app.inbound.queries import find_owners
from app.inbound.receive import where_raw
from app.inbound.sort import sort_updates
from app.kit.crypto import Unsealable, unseal
from app.runtime import Runtime, TenantKeys
from app.tenants.keys import get_tenant_keys
from app.whatsapp.envelope import UnreadableUpdate
from app.whatsapp.parse import parse

PAGE = 200
SET_ROWS = 1_000
MESSAGES = 2_000  # compared in one statement
LAG = timedelta(minutes=1)  # what is settled while we look is no difference
EPOCH = datetime.fromtimestamp(0, UTC)
MICROSECOND = timedelta(microseconds=1)

# What waits in line is not settled yet, so nothing can be said about it.
_page = text(
    "SELECT r.id, r.received_at, r.body_ct FROM webhook_raw AS r"
    " WHERE r.id > :after AND r.received_at < :until"
    " AND NOT EXISTS (SELECT FROM webhook_queue AS q WHERE q.raw_id = r.id) ORDER BY r.id LIMIT :size"
)
_now = text("SELECT clock_timestamp() AS now, min(received_at) AS oldest FROM webhook_raw")


@dataclass(slots=True)
class Replayed:
    """What was read and found. `differences` holds message ids and what differs about each; `fresh`: settled anew."""

    webhooks: int = 0
    statuses: int = 0
    unreadable: int = 0
    fresh: int = 0
    differences: set[tuple[UUID, str]] = field(default_factory=set)


async def check_webhooks(run: Runtime, *, lag: timedelta = LAG) -> Replayed:
    """Rebuild what the webhooks told and compare it with the log, the outcomes and what is parked. Changes nothing."""
    replayed = Replayed()
    async with run.db.begin() as session:
        row = (await session.execute(_now)).one()
    if row.oldest is None:
        return replayed
    until = row.now - lag
    with closing(_Gathered()) as gathered:
        async for tenant, keys, news in _read(run, replayed, until):
            gathered.add(tenant, [told_of(keys, one) for one in news])
        for tenant in gathered.tenants():
            for told in gathered.pages(tenant):
                async with run.db.begin(tenant) as session:
                    replayed.differences |= await compare_told(session, tenant, told, until=until)
            replayed.differences |= await _find_untold(run, tenant, gathered, row.oldest, until)
    return replayed


async def settle_again(run: Runtime) -> Replayed:
    """Settle every kept status once more; what was settled stays as it is."""
    replayed = Replayed()
    async with run.db.begin() as session:
        until = (await session.execute(_now)).one().now
    async for tenant, keys, news in _read(run, replayed, until):
        for start in range(0, len(news), SET_ROWS):
            async with run.db.begin(tenant) as session:
                settled = await settle(session, tenant, keys, news[start : start + SET_ROWS])
            replayed.fresh += settled.fresh
    return replayed


async def _read(
    run: Runtime, replayed: Replayed, until: datetime
) -> AsyncIterator[tuple[UUID, TenantKeys, list[News]]]:
    """What a page of webhooks says to one tenant, page by page."""
    after = UUID(int=0)
    while True:
        async with run.db.begin() as session:
            rows = (await session.execute(_page, {"after": after, "until": until, "size": PAGE})).all()
        if not rows:
            return
        after = rows[-1].id
        by_number: dict[str, list[News]] = {}
        for row in rows:
            for number, news in _told_in(run, replayed, row.id, row.received_at, row.body_ct):
                by_number.setdefault(number, []).extend(news)
            await asyncio.sleep(0)
        owners = await find_owners(run, by_number) if by_number else {}
        for number, news in by_number.items():
            if news and (owner := owners.get(number)) is not None:
                replayed.statuses += len(news)
                async with run.db.begin(owner.tenant) as session:
                    keys = await get_tenant_keys(run, session, owner.tenant)
                yield owner.tenant, keys, news


def _told_in(
    run: Runtime, replayed: Replayed, raw_id: UUID, received_at: datetime, body_ct: bytes
) -> Iterator[tuple[str, list[News]]]:
    replayed.webhooks += 1
    try:
        body = unseal(run.master.subkey("webhook-raw"), body_ct, where_raw(raw_id))
        told = sort_updates(parse(body, received_at=received_at), Counter())
    except (Unsealable, UnreadableUpdate):
        replayed.unreadable += 1
        return
    for number, one in told.items():
        yield number, one.news


async def _find_untold(
    run: Runtime, tenant: UUID, gathered: "_Gathered", since: datetime, until: datetime
) -> set[tuple[UUID, str]]:
    """Statuses in the log that no kept webhook told."""
    found: set[tuple[UUID, str]] = set()
    after = FIRST
    while True:
        async with run.db.begin(tenant) as session:
            page = await list_logged(session, tenant, since=since, until=until, after=after)
        if not page:
            return found
        after = (page[-1][0], page[-1][1])
        found |= {
            (message, "status_not_told") for message, _, dedupe in page if not gathered.has(tenant, message, dedupe)
        }


class _Gathered:
    """What was told, on disk."""

    def __init__(self) -> None:
        self._file = sqlite3.connect("")  # a temporary file that nobody else can open
        self._file.execute(
            "CREATE TABLE told (tenant BLOB, message BLOB, dedupe BLOB, kind TEXT, at INTEGER, code INTEGER,"
            " PRIMARY KEY (tenant, message, dedupe)) WITHOUT ROWID"
        )

    def add(self, tenant: UUID, told: list[Told]) -> None:
        rows = [
            (
                tenant.bytes,
                one.message.bytes,
                one.dedupe.bytes,
                one.kind,
                (one.provider_at - EPOCH) // MICROSECOND,
                one.meta_code,
            )
            for one in told
        ]
        self._file.executemany("INSERT OR IGNORE INTO told VALUES (?, ?, ?, ?, ?, ?)", rows)

    def has(self, tenant: UUID, message: UUID, dedupe: UUID) -> bool:
        asked = (tenant.bytes, message.bytes, dedupe.bytes)
        return (
            self._file.execute("SELECT 1 FROM told WHERE tenant = ? AND message = ? AND dedupe = ?", asked).fetchone()
            is not None
        )

    def tenants(self) -> list[UUID]:
        return [UUID(bytes=row[0]) for row in self._file.execute("SELECT DISTINCT tenant FROM told")]

    def pages(self, tenant: UUID) -> Iterator[list[Told]]:
        """Whole messages, MESSAGES at a time."""
        page: list[Told] = []
        messages = 0
        for message, dedupe, kind, at, code in self._file.execute(
            "SELECT message, dedupe, kind, at, code FROM told WHERE tenant = ? ORDER BY message", (tenant.bytes,)
        ):
            if page and page[-1].message.bytes != message:
                messages += 1
                if messages == MESSAGES:
                    yield page
                    page, messages = [], 0
            at_ = EPOCH + at * MICROSECOND
            page.append(Told(UUID(bytes=message), kind, at_, code, None, UUID(bytes=dedupe)))
        if page:
            yield page

    def close(self) -> None:
        self._file.close()
