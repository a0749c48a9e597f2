"""Taking webhooks costs the same whatever PostgreSQL believes about their queue."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from app.dispatch.statistics import refresh_statistics
from app.inbound import take

if TYPE_CHECKING:
    from tests.rooms.inbound.stand import Stand

pytestmark = pytest.mark.anyio

ROWS = 15_000
FILL = f"INSERT INTO webhook_queue (raw_id) SELECT new_id() FROM generate_series(1, {ROWS})"
COUNTED = "SELECT pg_stat_force_next_flush()"  # what came and went is counted up to a second late otherwise
LEFT = "SELECT reltuples FROM pg_class WHERE oid = 'webhook_queue'::regclass"


async def fill_what_was_empty_when_it_was_analyzed(stand: Stand) -> None:
    """What a burst finds after a quiet hour: the queue keeps its pages, and is known to hold nothing."""
    await stand.admin.execute("ALTER TABLE webhook_queue SET (autovacuum_enabled = false)")
    for statement in (FILL, "DELETE FROM webhook_queue", COUNTED, "ANALYZE webhook_queue", FILL, COUNTED):
        await stand.admin.execute(statement)


async def test_a_page_is_taken_by_the_ids_of_its_rows_and_not_compared_with_every_row_that_waits(stand: Stand) -> None:
    await fill_what_was_empty_when_it_was_analyzed(stand)

    explain = text("EXPLAIN " + take._take.text)
    async with stand.worker.db.begin() as session:
        found = await session.execute(explain, {"limit": 1_000, "bytes": take.PAGE_BYTES, "lease_s": take.LEASE_S})
        plan = "\n".join(row[0] for row in found)

    assert [0] == [row[0] for row in await stand.rows(LEFT)]
    assert re.search(r"Update on webhook_queue(.*\n){3,7}.*Index Cond: \(raw_id = ANY", plan), plan
    assert "Join Filter: (q" not in plan


async def test_a_queue_that_is_filled_again_gets_new_statistics_although_it_did_not_grow(stand: Stand) -> None:
    await fill_what_was_empty_when_it_was_analyzed(stand)
    await refresh_statistics(stand.worker.db)

    assert 0 < (await stand.rows(LEFT))[0][0]
