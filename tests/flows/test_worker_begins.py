"""A worker that begins while something stands in its way waits for it, and does not end."""

import asyncio

import asyncpg
import pytest

from app.kit import db
from app.stage import Stage
from tests.conftest import TestDatabase
from tests.house import House

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("table", ["restore_guard", "alembic_version"])
async def test_a_lock_that_another_one_holds_for_long_is_waited_for(
    api_only: House, database: TestDatabase, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    """As when a worker is frozen in the middle of its look, or a migration runs."""
    monkeypatch.setattr(db, "LOCK_TIMEOUT", "200ms")
    admin = await asyncpg.connect(database.admin_url)
    stage = Stage(api_only.settings)
    async with admin.transaction():
        await admin.execute(f"LOCK TABLE toplu.{table} IN ACCESS EXCLUSIVE MODE")
        beginning = asyncio.create_task(stage.begun())
        done, _ = await asyncio.wait([beginning], timeout=1.5)
    await admin.close()

    await asyncio.wait_for(beginning, 10)
    await stage.end()

    assert (set(), None) == (done, stage.failed)
