"""Alembic's entry: connect as the operator's login, make the roles, become the owner, migrate.

The login needs CREATEROLE the first time (or the four roles made beforehand). Everything is owned by `toplu_owner`;
the API and the worker take on `toplu_api` and `toplu_worker`, which own nothing.
"""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

sys.path.insert(0, str(Path(__file__).parent))

SCHEMA = "toplu"
ROLES = ("toplu_owner", "toplu_api", "toplu_worker", "toplu_crossing")


def database_url() -> str:
    """TOPLU_MIGRATION_DATABASE_URL, else TOPLU_DATABASE_URL, spelled for asyncpg."""
    url = os.environ.get("TOPLU_MIGRATION_DATABASE_URL") or os.environ.get("TOPLU_DATABASE_URL")
    if not url:
        raise SystemExit("Set TOPLU_DATABASE_URL (or TOPLU_MIGRATION_DATABASE_URL) to the database to migrate.")
    scheme, _, rest = url.partition("://")
    return f"postgresql+asyncpg://{rest}" if scheme in {"postgres", "postgresql"} else url


def prepare(connection: Connection) -> None:
    """Make the roles and the schema if they are missing, and become the owner for this session."""
    for role in ROLES:
        if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
            connection.execute(text(f"CREATE ROLE {role} NOLOGIN"))
        if not connection.scalar(text("SELECT pg_has_role(current_user, :role, 'SET')"), {"role": role}):
            connection.execute(text(f"GRANT {role} TO CURRENT_USER WITH SET TRUE, INHERIT FALSE"))
    if not connection.scalar(text("SELECT pg_has_role('toplu_owner', 'toplu_crossing', 'SET')")):
        connection.execute(text("GRANT toplu_crossing TO toplu_owner WITH SET TRUE, INHERIT FALSE"))
    grant_staging(connection)
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA} AUTHORIZATION toplu_owner"))
    connection.commit()
    connection.execute(text("SET ROLE toplu_owner"))
    connection.execute(text(f"SET search_path = {SCHEMA}"))
    connection.execute(text("SET statement_timeout = '10min'"))
    connection.commit()


def grant_staging(connection: Connection) -> None:
    """Let the doors make temporary tables: rows are copied there before they are written.

    Raises SystemExit when this login may not grant it, with the statement for somebody who may.
    """
    database = connection.scalar(text("SELECT quote_ident(current_database())"))
    may = text("SELECT has_database_privilege(:role, current_database(), 'TEMPORARY')")
    for role in ("toplu_api", "toplu_worker"):
        if connection.scalar(may, {"role": role}):
            continue
        grant = f"GRANT TEMPORARY ON DATABASE {database} TO {role}"
        with suppress(DBAPIError), connection.begin_nested():
            connection.execute(text(grant))
        if not connection.scalar(may, {"role": role}):
            raise SystemExit(f"This login may not grant what is needed. Let the database's owner run: {grant};")


def migrate(connection: Connection) -> None:
    """Run the migrations, one transaction each, so a long history never holds one long lock."""
    prepare(connection)
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("metadata"),
        version_table_schema=SCHEMA,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def online() -> None:
    """Connect and migrate; two processes that migrate at once take turns."""
    engine = create_async_engine(database_url(), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.execute(text("SELECT pg_advisory_lock(hashtext('toplu.migrate'))"))
        await connection.commit()
        await connection.run_sync(migrate)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", version_table_schema=SCHEMA, as_sql=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(online())
