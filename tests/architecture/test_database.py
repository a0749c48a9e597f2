"""What the database itself enforces, read from its own catalog."""

from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

import app.main  # noqa: F401 - imports every room's models
from app.kit.tables import metadata
from tests.architecture.test_house import SQL_FILES
from tests.conftest import TestDatabase

pytestmark = pytest.mark.anyio


async def ask(database: TestDatabase, question: str) -> list[Any]:
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute("SET search_path = toplu")
        return list(await connection.fetch(question))
    finally:
        await connection.close()


async def test_every_table_with_a_tenant_has_forced_row_level_security_and_a_policy(
    module_database: TestDatabase,
) -> None:
    rows = await ask(
        module_database,
        """
        SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'tenant_id'
         WHERE c.relnamespace = 'toplu'::regnamespace AND c.relkind IN ('r', 'p')
           AND (NOT c.relrowsecurity OR NOT c.relforcerowsecurity
                OR NOT EXISTS (SELECT FROM pg_policy AS p WHERE p.polrelid = c.oid AND p.polcmd = '*'))
        """,
    )

    assert [] == [row["relname"] for row in rows]


async def test_every_view_asks_with_the_rights_of_whoever_asks(module_database: TestDatabase) -> None:
    rows = await ask(
        module_database,
        """
        SELECT relname FROM pg_class
         WHERE relnamespace = 'toplu'::regnamespace AND relkind = 'v' AND relname <> 'purposes_v1'
           AND NOT coalesce(reloptions, '{}') @> ARRAY['security_invoker=true']
        """,
    )

    assert [] == [row["relname"] for row in rows]


async def test_only_named_functions_cross_tenants(module_database: TestDatabase) -> None:
    rows = await ask(
        module_database,
        "SELECT proname FROM pg_proc WHERE pronamespace = 'toplu'::regnamespace AND prosecdef ORDER BY 1",
    )

    assert [
        "analyze_grown_v1",
        "analyze_next_v1",
        "announce_terms_v1",
        "destroy_erased_content_v1",
        "destroy_expired_v1",
        "destroy_webhooks_v1",
        "drop_empty_month_v1",
        "due_senders_v1",
        "ensure_partitions",
        "erasures_to_search_v1",
        "every_tenant_v1",
        "find_api_key_v1",
        "find_senders_v1",
        "lines_held_v1",
        "owing_tenants_v1",
        "remove_aborted_upload_v1",
        "retention_due_v1",
        "seal_lag_v1",
        "sealable_tenants_v1",
        "sending_now_v1",
        "sweepable_tenants_v1",
    ] == [row["proname"] for row in rows]


async def test_the_application_roles_own_nothing_and_bypass_nothing(module_database: TestDatabase) -> None:
    owned = await ask(
        module_database,
        "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) IN ('toplu_api', 'toplu_worker')",
    )
    bypassing = await ask(
        module_database, "SELECT rolname FROM pg_roles WHERE rolname LIKE 'toplu%' AND (rolbypassrls OR rolsuper)"
    )

    assert [] == owned
    assert [] == bypassing


async def test_migrating_gives_the_doors_temporary_tables_where_public_has_none(module_database: TestDatabase) -> None:
    may = "SELECT has_database_privilege('{}', 'toplu_test_template', 'TEMPORARY') AS may"

    found = {role: (await ask(module_database, may.format(role)))[0]["may"] for role in ("toplu_api", "toplu_worker")}

    assert {"toplu_api": True, "toplu_worker": True} == found


async def test_models_and_migrations_do_not_drift(module_database: TestDatabase) -> None:
    engine = create_async_engine(module_database.admin_url.replace("postgresql://", "postgresql+asyncpg://"))
    partitions = {
        row["relname"]
        for row in await ask(module_database, "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")
    }

    def wanted(_object: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
        return not (kind == "table" and (name in partitions or name == "alembic_version"))

    def compare(connection: Any) -> list[Any]:
        connection.exec_driver_sql("SET search_path = toplu")
        context = MigrationContext.configure(connection, opts={"include_object": wanted, "compare_type": True})
        return list(compare_metadata(context, metadata))

    async with engine.connect() as connection:
        differences = await connection.run_sync(compare)
    await engine.dispose()

    assert [] == differences


async def test_every_statement_prepares_against_the_migrated_schema(module_database: TestDatabase) -> None:
    import re

    connection = await asyncpg.connect(module_database.admin_url)
    broken: dict[str, str] = {}
    try:
        await connection.execute("SET search_path = toplu")
        for staging in SQL_FILES:
            if staging.name.endswith(".stage.sql"):  # a table of the connection's own, for the statement beside it
                text = staging.read_text("utf-8").replace("ON COMMIT DELETE ROWS", "")
                await connection.execute(text)
        for path in SQL_FILES:
            names: list[str] = []

            def number(match: re.Match[str], names: list[str] = names) -> str:
                if match.group(1) not in names:
                    names.append(match.group(1))
                return f"${names.index(match.group(1)) + 1}"

            statement = re.sub(r"(?<![:\w]):([a-z_]\w*)", number, path.read_text("utf-8"))
            try:
                await connection.prepare(statement)
            except asyncpg.PostgresError as error:
                broken[path.name] = str(error)
    finally:
        await connection.close()

    assert {} == broken


APPEND_ONLY = (
    "consent_events",
    "consent_import_chunks",
    "evidence_objects",
    "delivery_events",
    "webhook_raw",
    "audit_events",
    "notice_versions",
    "purpose_versions",
    "disclosures",
    "terms_versions",
    "terms_incorporations",
    "terms_announcements",
    "terms_acceptances",
    "terms_acceptance_documents",
    "template_reviews",
    "batch_waits",
    "destruction_runs",
    "destruction_items",
    "chain_links",
    "chain_nodes",
    "decision_roots",
    "checkpoints",
    "checkpoint_stamps",
    "signing_keys",
    "destroyed_rows",
    "restore_releases",
)


async def test_append_only_holds_on_every_partition_too(module_database: TestDatabase) -> None:
    rows = await ask(
        module_database,
        f"""
        SELECT c.relname FROM pg_class AS c
          LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
         WHERE c.relnamespace = 'toplu'::regnamespace AND c.relkind IN ('r', 'p')
           AND coalesce(i.inhparent::regclass::text, c.relname) = ANY (ARRAY{list(APPEND_ONLY)})
           AND 2 <> (SELECT count(*) FROM pg_trigger AS t
                      WHERE t.tgrelid = c.oid AND t.tgenabled = 'O'
                        AND t.tgname IN ('append_only_rows', 'append_only', 'append_only_truncate'))
        """,
    )

    assert [] == [row["relname"] for row in rows]


async def test_nobody_may_delete_what_became_of_a_message(module_database: TestDatabase) -> None:
    rows = await ask(
        module_database,
        """
        SELECT table_name, grantee FROM information_schema.role_table_grants
         WHERE grantee IN ('toplu_api', 'toplu_worker') AND privilege_type IN ('DELETE', 'TRUNCATE')
           AND table_name IN ('messages', 'outcomes', 'delivery_events', 'consent_events', 'batch_members', 'uploads')
        """,
    )

    assert [] == [tuple(row) for row in rows]
