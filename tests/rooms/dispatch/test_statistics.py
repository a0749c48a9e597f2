"""A table that has grown is planned for by what it holds, before autovacuum comes by."""

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.dispatch.flow import check
from app.dispatch.statistics import refresh_statistics
from app.kit.db import Database
from app.kit.ids import new_id
from app.runtime import open_runtime
from tests.conftest import TestDatabase
from tests.house import House

pytestmark = pytest.mark.anyio

GROWN = """
INSERT INTO toplu.people (id, tenant_id, key_salt)
SELECT toplu.new_id(), $1, decode(repeat('ab', 16), 'hex') FROM generate_series(1, 10000)
"""
KNOWN = """
INSERT INTO toplu.aliases (id, tenant_id, person_id, kind, hash, value_ct)
SELECT toplu.new_id(), $1, id, 'phone', gen_random_uuid(), '\\x00' FROM toplu.people WHERE tenant_id = $1
"""


async def test_the_gate_probes_for_each_recipient_once_the_people_came_that_it_is_asked_for(
    api_only: House, database: TestDatabase
) -> None:
    admin = await asyncpg.connect(database.admin_url)
    async with admin.transaction():
        await admin.execute("SET LOCAL session_replication_role = replica")
        await admin.execute(GROWN, api_only.tenant.id)
        await admin.execute(KNOWN, api_only.tenant.id)
    await admin.close()
    async with open_runtime(api_only.settings, "worker") as run:
        before = await plan(api_only, run.db)
        analyzed = [await refresh_statistics(run.db) for _ in range(2)]
        after = await plan(api_only, run.db)

    assert "Join Filter: (aliases.hash = wanted.hash)" in before  # everybody, for each of them
    assert "Join Filter: (aliases.hash = wanted.hash)" not in after
    assert analyzed[0] >= 2
    assert 0 == analyzed[1]


async def plan(house: House, db: Database) -> str:
    """How PostgreSQL would ask the gate about 500 recipients, with the statistics it has."""
    explain = text("EXPLAIN " + check._check.text)
    asked = {"tenant": house.tenant.id, "purpose": 1, "hashes": [new_id() for _ in range(500)]}
    async with db.begin(house.tenant.id) as session:
        return "\n".join(row[0] for row in await session.execute(explain, asked))


async def test_only_a_worker_may_have_tables_analyzed(api_only: House) -> None:
    async with open_runtime(api_only.settings, "api") as run:
        with pytest.raises(DBAPIError, match="permission denied"):
            await refresh_statistics(run.db)
