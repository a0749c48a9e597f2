"""The gate against its oracle, over thousands of invented histories, and each clause of the gate taken out once.

More of them, and others:
`TOPLU_ORACLE_HISTORIES=20000 TOPLU_ORACLE_SEED=7 pytest tests/invariants/test_gate_oracle.py -k disagree`
"""

from __future__ import annotations

import ast
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from app.consents.check import check
from app.consents.gate import Refusal
from app.consents.replay import replay
from app.kit.clock import utc_now
from app.kit.db import Database, Session
from tests.invariants import oracle
from tests.invariants.histories import AGED, DAYS, World, invent, load

if TYPE_CHECKING:
    from tests.conftest import TestDatabase

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

HISTORIES = int(os.environ.get("TOPLU_ORACLE_HISTORIES", "2500"))
SEED = int(os.environ.get("TOPLU_ORACLE_SEED", "1072"))  # the Board's decision on bundled consent
ENOUGH = 200
VIEW = "CREATE OR REPLACE VIEW consent_verdicts_v1"
SQL = Path(__file__).resolve().parents[2] / "migrations" / "sql" / "fewer_probes.sql"


@asynccontextmanager
async def opened(database: TestDatabase, role: str) -> AsyncIterator[Database]:
    db = Database(database.url, role=role, schema="toplu", scope_setting="toplu.tenant", pool_size=2, name="oracle")
    try:
        yield db
    finally:
        await db.close()


_worlds: dict[str, World] = {}


@pytest.fixture
async def world(module_database: TestDatabase) -> World:
    """The histories, loaded once for all tests here."""
    if module_database.name not in _worlds:
        dice, now = random.Random(SEED), utc_now()
        histories = [invent(dice, now) for _ in range(HISTORIES)]
        async with opened(module_database, "toplu_owner") as db, db.begin() as session:
            aged = "UPDATE purposes SET consent_max_age_days = %d, version = version + 1 WHERE key = '%s'"
            await session.exec_driver_sql(aged % (DAYS, AGED))
        async with opened(module_database, "toplu_api") as db:
            _worlds[module_database.name] = await load(db, histories, now)
        async with opened(module_database, "toplu_owner") as db, db.begin() as session:
            await session.exec_driver_sql("ANALYZE people, aliases, consent_states, suppressions")
    return _worlds[module_database.name]


_told: dict[UUID, dict[str, list[oracle.Verdict]]] = {}


def expected(world: World) -> dict[str, list[oracle.Verdict]]:
    """What the oracle says, by purpose; asked once of each world."""
    if world.tenant not in _told:
        _told[world.tenant] = _ask_oracle(world)
    return _told[world.tenant]


def _ask_oracle(world: World) -> dict[str, list[oracle.Verdict]]:
    known = [(one, oracle.remember(one)) for one in world.histories]
    return {
        key: [told for one, who in known for told in oracle.decide(one, who, reason, world.stale, world.now)]
        for key, (_, reason) in world.reasons.items()
    }


async def ask(session: Session, world: World) -> dict[str, list[oracle.Verdict]]:
    """What the gate says, by purpose."""
    return {
        key: [
            (verdict.refusal and str(verdict.refusal), verdict.refused_for)
            for verdict in await check(session, world.tenant, purpose_id, world.hashes)
        ]
        for key, (purpose_id, _) in world.reasons.items()
    }


@pytest.mark.parametrize("role", ["toplu_api", "toplu_worker"])
async def test_the_gate_and_its_oracle_never_disagree(world: World, module_database: TestDatabase, role: str) -> None:
    told = expected(world)

    async with opened(module_database, role) as db, db.begin(world.tenant) as session:
        found = await ask(session, world)

    by_name = [history for history in world.histories for _ in range(history.names)]
    differing = [
        (key, theirs, ours, history.events)
        for key in found
        for theirs, ours, history in zip(told[key], found[key], by_name, strict=True)
        if theirs != ours
    ]
    assert [] == differing[:3]
    reasons = Counter(refusal for verdicts in told.values() for refusal, _ in verdicts)
    rare = {str(refusal): reasons[refusal] for refusal in [*Refusal, None] if reasons[refusal] < ENOUGH}
    assert {} == rare


async def test_the_state_is_what_the_ledger_folds_to(world: World, module_database: TestDatabase) -> None:
    async with opened(module_database, "toplu_worker") as db, db.begin(world.tenant) as session:
        replayed = await replay(session, world.tenant)

    assert (True, []) == (replayed.agrees, list(replayed.differences))
    assert replayed.compared > HISTORIES


# Each clause of the view, and the view without it.
NOW = "(SELECT business_now())"
WITHOUT = {
    "objections": ("WHEN x.kind = 'objection' THEN 'objected'", ""),
    "suppressions": ("WHEN x.kind = 'suppression' THEN 'suppressed'", ""),
    "erasure": ("WHEN p.erased_at IS NOT NULL OR o.erased_at IS NOT NULL THEN 'unknown_person'", ""),
    "bases": ("WHEN s.basis_act IS DISTINCT FROM 'asserted' THEN 'no_basis'", "WHEN false THEN 'no_basis'"),
    "bases of the number's last holder": ("WHEN s.basis_at <= w.held_since THEN 'no_basis'", ""),
    "bases that are over": (f"WHEN s.basis_until <= {NOW} THEN 'no_basis'", ""),
    "withdrawn consents": ("WHEN s.consent_act = 'withdrawn' OR", "WHEN"),
    "withdrawn approvals": (" OR (r.commercial AND s.approval_act = 'withdrawn')", ""),
    "invalidated consents": ("WHEN s.consent_act = 'invalidated' OR", "WHEN"),
    "invalidated approvals": (" OR (w.asked_first AND s.approval_act = 'invalidated')", ""),
    "consents": ("WHEN s.consent_act IS DISTINCT FROM 'given' THEN 'consent_not_given'", ""),
    "approvals": ("WHEN w.asked_first AND s.approval_act IS DISTINCT FROM 'given' THEN 'consent_not_given'", ""),
    "a merchant's refusal": ("WHEN r.commercial AND s.approval_act = 'refused' THEN 'consent_not_given'", ""),
    "consents of the number's last holder": ("WHEN s.consent_at <= w.held_since THEN 'consent_invalidated'", ""),
    "approvals of the number's last holder": (
        "WHEN w.asked_first AND s.approval_at <= w.held_since THEN 'consent_invalidated'",
        "",
    ),
    "consents that are over": (f"WHEN s.consent_until <= {NOW} THEN 'consent_expired'", ""),
    "approvals that are over": (f"WHEN w.asked_first AND s.approval_until <= {NOW} THEN 'consent_expired'", ""),
    "consents that are old": (f"WHEN s.consent_at + w.max_age <= {NOW} THEN 'consent_expired'", ""),
    "approvals that are old": (f"WHEN w.asked_first AND s.approval_at + w.max_age <= {NOW} THEN 'consent_expired'", ""),
    "stale notices": (f"WHEN n.stale_at <= {NOW} THEN 'notice_stale'", ""),
    "stale for one purpose": (
        "\n           AND (c.purpose_ids IS NULL OR r.id = ANY (c.purpose_ids))",
        "",
    ),
    "the scope all": ("(q.scope = 'all' AND", "(false AND"),
    "a duty of law": (" AND NOT (q.raised_by = 'person' AND r.legal_basis = 'kvkk_5_2_cc')", ""),
    "a duty, whoever stopped it": ("q.raised_by = 'person' AND ", ""),
    "the scope of a purpose": ("OR q.scope = r.key", ""),
    "the scope marketing": ("OR (q.scope = 'marketing' AND r.class = 'marketing')", ""),
    "marketing meaning marketing only": ("q.scope = 'marketing' AND r.class = 'marketing'", "q.scope = 'marketing'"),
    "lifting": (" AND q.act = 'raised'", ""),
    "objections before suppressions": ("ORDER BY q.kind, q.scope", "ORDER BY q.scope, q.kind"),
    "merchants": (" AND CASE WHEN p.merged_into IS NULL THEN p.party_type ELSE o.party_type END = 'natural'", ""),
    "who held the number": ("CASE WHEN p.merged_into IS NULL THEN p.held_since ELSE o.held_since END", "o.held_since"),
}


async def test_whoever_was_absorbed_gets_the_verdict_of_who_they_are_now(
    world: World, module_database: TestDatabase
) -> None:
    """Messages that were queued before two people became one still name the absorbed one."""
    differing = """
SELECT count(*), count(*) FILTER (WHERE (v.refusal, v.refused_for) IS DISTINCT FROM (w.refusal, w.refused_for))
  FROM people AS p
 CROSS JOIN LATERAL (SELECT * FROM consent_verdicts_v1 AS q WHERE q.person_id = p.id AND q.purpose_id = 7) AS v
 CROSS JOIN LATERAL (SELECT * FROM consent_verdicts_v1 AS q WHERE q.person_id = p.merged_into AND q.purpose_id = 7) AS w
 WHERE p.merged_into IS NOT NULL
"""
    async with opened(module_database, "toplu_worker") as db, db.begin(world.tenant) as session:
        found = (await session.exec_driver_sql(differing)).one()

    assert found[0] > ENOUGH
    assert 0 == found[1]


@pytest.mark.parametrize("clause", WITHOUT)
async def test_the_oracle_misses_every_clause_of_the_gate(
    world: World, module_database: TestDatabase, clause: str
) -> None:
    view = VIEW + SQL.read_text("utf-8").split(VIEW)[1]
    view = view.split(";")[0]
    old, new = WITHOUT[clause]
    assert old in view
    told = expected(world)

    async with opened(module_database, "toplu_owner") as db, db.begin(world.tenant) as session:
        await session.exec_driver_sql(view.replace(old, new, 1))
        found = await ask(session, world)
        await session.rollback()

    assert found != told


def test_the_oracle_knows_nothing_of_the_application() -> None:
    tree = ast.parse(Path(oracle.__file__).read_text("utf-8"))

    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}

    assert {"collections.abc", "dataclasses", "datetime"} == imported
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
