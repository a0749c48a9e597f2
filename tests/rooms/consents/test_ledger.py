"""What the database itself guards, asked as each role in turn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.consents.acts import RESTRICTING
from app.consents.record import record
from app.consents.replay import Difference, replay
from app.consents.suppress import suppress
from app.consents.withdraw import withdraw
from tests.conftest import TestDatabase
from tests.rooms.consents.build import EARLIER, MARKETING, NOW, Shop, open_shop, phone

pytestmark = pytest.mark.anyio

ROLES = ["toplu_api", "toplu_worker", "toplu_owner"]
TABLES = ["consent_events", "consent_states", "suppressions", "consent_verdicts_v1", "consent_events_v1"]


@asynccontextmanager
async def acting_as(database: TestDatabase, role: str, tenant: UUID | None) -> AsyncIterator[Any]:
    """A connection of one role that sees one tenant."""
    connection = await asyncpg.connect(database.url)
    try:
        await connection.execute(f"SET ROLE {role}")
        await connection.execute("SET search_path = toplu")
        await connection.execute("SELECT set_config('toplu.tenant', $1, false)", str(tenant or ""))
        yield connection
    finally:
        await connection.close()


async def with_history(shop: Shop) -> UUID:
    """A person with something in each table."""
    to = phone()
    await shop.record(*shop.both(to))
    await shop.act("suppressions", to, scope="all", by="person")
    return await shop.person(to)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {table} SET act = 'given'",
        "UPDATE {table} SET evidence_ct = NULL WHERE false",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
    ],
)
async def test_nobody_rewrites_the_ledger(shop: Shop, module_database: TestDatabase, role: str, statement: str) -> None:
    await with_history(shop)

    async with acting_as(module_database, role, shop.id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement.format(table="consent_events"))


@pytest.mark.parametrize("statement", ["UPDATE {table} SET act = 'given'", "DELETE FROM {table}"])
async def test_naming_a_partition_is_no_way_around_the_guard(
    shop: Shop, module_database: TestDatabase, statement: str
) -> None:
    person = await with_history(shop)
    [row] = await shop.desk.rows(
        shop.id, "SELECT tableoid::regclass::text AS name FROM consent_events WHERE person_id = :p LIMIT 1", p=person
    )

    async with acting_as(module_database, "toplu_owner", shop.id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await connection.execute(statement.format(table=row["name"]))


@pytest.mark.parametrize("role", ["toplu_api", "toplu_worker"])
@pytest.mark.parametrize("table", TABLES)
async def test_a_tenant_sees_only_its_own(shop: Shop, module_database: TestDatabase, role: str, table: str) -> None:
    other = await open_shop(shop.desk)
    await with_history(shop)
    await with_history(other)

    async with acting_as(module_database, role, shop.id) as connection:
        tenants = {row["tenant_id"] for row in await connection.fetch(f"SELECT tenant_id FROM {table}")}
    async with acting_as(module_database, role, None) as connection:
        of_nobody = await connection.fetch(f"SELECT tenant_id FROM {table}")

    assert {shop.id} == tenants
    assert [] == of_nobody


@pytest.mark.parametrize("role", ["toplu_api", "toplu_worker"])
async def test_nothing_is_written_into_another_tenants_ledger(
    shop: Shop, module_database: TestDatabase, role: str
) -> None:
    other = await open_shop(shop.desk)
    person = await shop.person(phone())

    async with acting_as(module_database, role, shop.id) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "INSERT INTO suppressions (tenant_id, person_id, scope, raised_by, kind, act, acted_at, event_id)"
                " VALUES ($1, $2, 'all', 'person', 'suppression', 'lifted', now(), $2)",
                other.id,
                person,
            )


async def test_a_stop_does_not_wait_for_a_running_import(shop: Shop) -> None:
    to = phone()
    person = await shop.person(to)
    async with shop.desk.run.db.begin(shop.id) as importing:
        rows = [shop.row(to, kind=kind) for kind in ("explicit_consent", "commercial_approval")]
        rows += [shop.row(phone()) for _ in range(500)]
        await record(importing, shop.id, shop.keys, rows, api_key_id=None)

        async with asyncio.timeout(5), shop.desk.run.db.begin(shop.id) as stopping:
            await suppress(
                stopping, shop.id, [person], "marketing", raised_by="person", channel="whatsapp", occurred_at=NOW
            )
        stopped_while_importing = await shop.verdict(to)

    assert "suppressed" == stopped_while_importing
    assert "suppressed" == await shop.verdict(to)


async def test_nobody_is_claimed_while_their_withdrawal_waits(shop: Shop, module_database: TestDatabase) -> None:
    to = phone()
    person = await shop.person(to)
    claim = "SELECT id FROM people_v1 WHERE id = $1 FOR SHARE SKIP LOCKED"
    async with acting_as(module_database, "toplu_worker", shop.id) as worker:
        free = await worker.fetch(claim, person)
        async with shop.desk.run.db.begin(shop.id) as session:
            purposes = [shop.purposes[MARKETING]]
            await withdraw(session, shop.id, {person: NOW}, purposes, channel="api")

            during = await worker.fetch(claim, person)
        after = await worker.fetch(claim, person)

    assert ([person], [], [person]) == (
        [row["id"] for row in free],
        [row["id"] for row in during],
        [row["id"] for row in after],
    )


async def test_the_acts_that_restrict_come_later_in_the_alphabet() -> None:
    pairs = [("asserted", "ended"), ("given", "refused"), ("given", "withdrawn"), ("refused", "withdrawn")]

    assert all(earlier < later and later in RESTRICTING for earlier, later in pairs)
    assert "lifted" < "raised"


async def test_a_replay_of_the_ledger_agrees_and_sees_every_tampering(
    shop: Shop, module_database: TestDatabase
) -> None:
    person = await with_history(shop)
    async with shop.desk.run.db.begin(shop.id) as session:
        before = await replay(session, shop.id)

    async with acting_as(module_database, "toplu_api", shop.id) as connection:
        await connection.execute(
            "UPDATE consent_states SET approval_at = $1 WHERE person_id = $2",
            EARLIER - timedelta(days=1),
            person,
        )
        await connection.execute(
            "UPDATE suppressions SET acted_at = acted_at + interval '1 day' WHERE person_id = $1", person
        )
        await connection.execute(
            "INSERT INTO consent_states (tenant_id, purpose_id, person_id, basis_act) VALUES ($1, 3, $2, 'asserted')",
            shop.id,
            person,
        )
    async with shop.desk.run.db.begin(shop.id) as session:
        after = await replay(session, shop.id)

    assert (True, 3) == (before.agrees, before.compared)
    assert (False, 3) == (after.agrees, after.differing)
    assert {
        Difference(person, str(shop.purposes[MARKETING].id), "commercial_approval"),
        Difference(person, "3", "basis_assertion"),
        Difference(person, "all", "suppression"),
    } == set(after.differences)


async def test_a_replay_in_parts_is_the_replay_of_the_whole(shop: Shop, module_database: TestDatabase) -> None:
    people = [await with_history(shop) for _ in range(4)]
    async with acting_as(module_database, "toplu_api", shop.id) as connection:
        await connection.execute(
            "UPDATE suppressions SET acted_at = acted_at + interval '1 day' WHERE person_id = ANY ($1)",
            [people[0], people[3]],
        )

    async with shop.desk.run.db.begin(shop.id) as session:
        replayed = [await replay(session, shop.id, people_at_once=at_once) for at_once in (1, 2, 3, 100)]

    assert [(12, 2)] * 4 == [(one.compared, one.differing) for one in replayed]
    assert [[Difference(people[n], "all", "suppression") for n in (0, 3)]] * 4 == [one.differences for one in replayed]
