"""Who was a tenant before there were registers finds them filled, too."""

import os
import subprocess
import sys
from uuid import UUID

import asyncpg
import pytest

from app.kit.ids import new_id
from tests.conftest import LOGIN, PASSWORD, ROOT, Servers

pytestmark = pytest.mark.anyio

BEFORE = "0018"  # the revision under that of the registers


def upgrade(url: str, revision: str) -> None:
    environment = {**os.environ, "TOPLU_DATABASE_URL": url}
    words = [sys.executable, "-m", "alembic", "upgrade", revision]
    subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)


async def test_tenants_of_before_get_the_built_in_entries(servers: Servers) -> None:
    name = "toplu_test_registers_later"
    servers.postgres.sql(f"CREATE DATABASE {name} OWNER {LOGIN}")
    url = servers.postgres.url(name, LOGIN, password=PASSWORD)
    tenants = [new_id(), new_id()]
    upgrade(url, BEFORE)
    admin = await asyncpg.connect(servers.admin(name))
    try:
        await admin.executemany("INSERT INTO toplu.tenants VALUES ($1, 'Eski')", [(tenant,) for tenant in tenants])

        upgrade(url, "head")

        found: list[tuple[UUID, int]] = [
            (row["tenant_id"], row["entries"])
            for row in await admin.fetch(
                "SELECT tenant_id, count(*) AS entries FROM toplu.controls GROUP BY tenant_id ORDER BY tenant_id"
            )
        ]
        forced = await admin.fetchval("SELECT relforcerowsecurity FROM pg_class WHERE oid = 'toplu.tenants'::regclass")
    finally:
        await admin.close()
        servers.postgres.sql(f"DROP DATABASE {name} WITH (FORCE)")

    assert [(tenant, 18) for tenant in sorted(tenants)] == found
    assert forced
