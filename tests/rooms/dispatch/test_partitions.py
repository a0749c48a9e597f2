"""Every month gets its partitions; one that cannot holds up nobody else's."""

import asyncpg
import pytest
from structlog.testing import capture_logs

from app.dispatch.lines import Lines
from app.runtime import open_runtime
from tests.conftest import TestDatabase
from tests.house import settings_for

pytestmark = pytest.mark.anyio

NEXT_MONTH = "date_trunc('month', clock_timestamp(), 'UTC') + interval '1 month'"
NOBODY = "redis://127.0.0.1:9"


async def test_a_month_that_lies_in_the_default_partition_is_said_and_the_others_get_theirs(
    module_database: TestDatabase,
) -> None:
    admin = await asyncpg.connect(module_database.admin_url, server_settings={"search_path": "toplu"})
    month: str = await admin.fetchval(f"SELECT to_char(({NEXT_MONTH}) AT TIME ZONE 'UTC', 'YYYY-MM')")
    tables = ("delivery_events", "messages", "webhook_raw")
    names = [f"{table}_{month.replace('-', '_')}" for table in tables]
    await admin.execute(f"DROP TABLE {', '.join(names)}")
    await admin.execute(
        "INSERT INTO delivery_events (message_id, tenant_id, kind)"
        f" SELECT id_floor({NEXT_MONTH}), id_floor({NEXT_MONTH}), 'sent'"
    )
    settings = settings_for(module_database.url, NOBODY, "http://127.0.0.1:9")

    async with open_runtime(settings, "worker") as run:
        with capture_logs() as said:
            await Lines(run).make_partitions()
    there = [await admin.fetchval("SELECT to_regclass($1) IS NOT NULL", f"toplu.{name}") for name in names]
    await admin.close()

    assert [False, True, True] == there
    assert [("delivery_events", month)] == [(one["table"], one["month"]) for one in said]
