"""What stands in a database before the words came in full is carried over."""

import os
import secrets
import subprocess
import sys

import asyncpg
import pytest

from tests.conftest import LOGIN, ROOT, Servers

pytestmark = pytest.mark.anyio


def upgrade(url: str, revision: str) -> None:
    words = [sys.executable, "-m", "alembic", "upgrade", revision]
    subprocess.run(words, cwd=ROOT, env={**os.environ, "TOPLU_DATABASE_URL": url}, capture_output=True, check=True)


async def test_a_version_that_was_stale_stays_stale_for_each_purpose_it_covers(servers: Servers) -> None:
    name = f"toplu_test_{secrets.token_hex(6)}"
    servers.postgres.sql(f"CREATE DATABASE {name} OWNER {LOGIN}")
    upgrade(servers.url(name), "0015")
    admin = await asyncpg.connect(servers.admin(name))
    await admin.execute("""
        SET search_path = toplu;
        INSERT INTO tenants (tenant_id, name) VALUES (new_id(), 'x');
        INSERT INTO notices (id, tenant_id, name) SELECT new_id(), tenant_id, 'n' FROM tenants;
        INSERT INTO notice_versions (id, tenant_id, notice_id, version, language, title, body, sha256, purpose_ids,
                                     change_kind)
        SELECT new_id(), tenant_id, id, 1, 'tr', 't', 'b', '', '{4,7}', 'first' FROM notices;
        INSERT INTO notice_staleness (tenant_id, notice_version_id, stale_at)
        SELECT tenant_id, id, '2026-01-01T00:00:00Z' FROM notice_versions;
    """)

    upgrade(servers.url(name), "head")

    rows = await admin.fetch("SELECT purpose_ids FROM notice_staleness WHERE stale_at = '2026-01-01' ORDER BY 1")
    forced = await admin.fetchval(
        "SELECT bool_and(relforcerowsecurity) FROM pg_class WHERE relname ~ '^notice_.*s$'"
        " AND relkind = 'r' AND relnamespace = 'toplu'::regnamespace"
    )
    await admin.close()
    servers.postgres.sql(f"DROP DATABASE {name} WITH (FORCE)")
    assert [[4], [7]] == [row["purpose_ids"] for row in rows]
    assert forced
