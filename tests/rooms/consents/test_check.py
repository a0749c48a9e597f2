import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app.consents import check as check_module
from app.consents.gate import MEANING, Refusal
from app.consents.schemas import ConsentVerdict, ConsentVerdicts
from app.kit.ids import decode, new_id
from tests.conftest import TestDatabase
from tests.rooms.consents.build import MARKETING, NOW, Shop, code, open_shop, phone

pytestmark = pytest.mark.anyio


async def test_a_check_answers_every_recipient_in_order_without_their_number(shop: Shop) -> None:
    allowed, unknown = phone(), phone()
    await shop.record(*shop.both(allowed))
    recipients = [
        {"to": unknown, "reference": "a"},
        {"to": allowed, "reference": "b"},
        {"to": "12", "reference": "c"},
        {"to": f"00{allowed[1:]}"},
        {"user_id": "TR.1"},
    ]

    answer = await shop.http.post("/v1/consents/check", json={"purpose": MARKETING, "recipients": recipients})

    body = answer.json()
    assert body == ConsentVerdicts.model_validate_json(answer.content).model_dump(mode="json")
    assert (MARKETING, 2, 3) == (body["purpose"], body["allowed"], body["refused"])
    assert [
        (0, "a", False, "unknown_person"),
        (1, "b", True, None),
        (2, "c", False, "invalid_number"),
        (3, None, True, None),
        (4, None, False, "unknown_person"),
    ] == [(one["index"], one["reference"], one["allowed"], one["refusal"]) for one in body["data"]]
    assert body["data"][1]["person_id"] == body["data"][3]["person_id"]
    assert allowed not in answer.text
    assert unknown not in answer.text


async def test_a_refusal_names_the_record_that_is_missing(shop: Shop) -> None:
    to = phone()
    seen = []

    async def look() -> None:
        answer = await shop.http.post("/v1/consents/check", json={"purpose": MARKETING, "recipients": [{"to": to}]})
        seen.append(answer.json()["data"][0]["refused_for"])

    await look()
    await shop.record(shop.approval(to))
    await look()
    await shop.record(shop.consent(to))
    await look()
    await shop.act("suppressions", to, scope="marketing", by="person")
    await look()

    assert [None, "explicit_consent", None, "scope:marketing"] == seen


async def test_a_purpose_that_carries_no_message_is_not_checked(shop: Shop) -> None:
    recipients = [{"to": phone()}]

    answers = [
        await shop.http.post("/v1/consents/check", json={"purpose": purpose, "recipients": recipients})
        for purpose in ("product_matching", "other")
    ]

    assert [(422, "purpose_not_sendable"), (422, "unknown_purpose")] == [code(answer) for answer in answers]


async def test_a_material_change_of_the_notice_makes_consents_stale(shop: Shop) -> None:
    to = phone()
    await shop.record(*shop.both(to))
    async with shop.desk.run.db.begin(shop.id) as session:
        await session.exec_driver_sql(
            "INSERT INTO notice_staleness (tenant_id, notice_version_id, stale_at)"
            f" VALUES ('{shop.id}', '{decode('ntv', shop.notice_version)}', business_now() - interval '1 minute')"
        )

    assert "notice_stale" == await shop.verdict(to)


async def test_equal_numbers_of_two_tenants_are_two_people(shop: Shop) -> None:
    to = phone()
    other = await open_shop(shop.desk)

    await shop.record(*shop.both(to))

    assert [None, "unknown_person"] == [await shop.verdict(to), await other.verdict(to)]


def literals(document: Any) -> Iterator[str]:
    """Every text after THEN or ELSE in the definition of the view's refusal."""
    definition = document.split("END AS refusal,")[0]
    for line in definition.splitlines():
        words = line.strip()
        if words.startswith("WHEN ") and "THEN '" in words:
            yield words.split("THEN '")[1].split("'")[0]


async def test_the_gates_refusals_are_the_ones_that_are_documented(shop: Shop) -> None:
    [row] = await shop.desk.rows(shop.id, "SELECT pg_get_viewdef('consent_verdicts_v1'::regclass, true) AS text")

    said = set(literals(row["text"]))

    schema = json.dumps(ConsentVerdict.model_json_schema())
    assert set(Refusal) == said == set(MEANING)
    assert all(f'"{refusal}"' in schema for refusal in Refusal)


async def test_a_check_of_many_people_probes_indexes_and_reads_no_table_through(
    shop: Shop, module_database: TestDatabase
) -> None:
    hashes = await fill(shop, module_database, people=20_000)
    statement = check_module._check.text
    for name in ("hashes", "tenant", "purpose"):
        value = {"hashes": "$1::uuid[]", "tenant": f"'{shop.id}'::uuid", "purpose": "7"}[name]
        statement = statement.replace(f":{name}", value)

    connection = await asyncpg.connect(module_database.url)
    try:
        await connection.execute("SET ROLE toplu_api")
        await connection.execute("SET search_path = toplu")
        await connection.execute(f"SELECT set_config('toplu.tenant', '{shop.id}', false)")
        [explained] = await connection.fetchrow(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", hashes[:10_000])
    finally:
        await connection.close()

    probed = {"people", "aliases", "consent_states", "suppressions"}
    read_through = [
        (node["Relation Name"], node["Node Type"])
        for node in nodes(json.loads(explained)[0]["Plan"])
        if node.get("Relation Name") in probed
        and (node["Node Type"] == "Seq Scan" or node["Actual Rows"] > 5)  # of each probe
    ]
    assert [] == read_through


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's nodes, from the top."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


async def fill(shop: Shop, database: TestDatabase, *, people: int) -> list[Any]:
    """That many people with ten consents each, put in by the superuser. Their fingerprints."""
    ids, hashes = [new_id() for _ in range(people)], [new_id() for _ in range(people)]
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute("SET search_path = toplu")
        await connection.execute(
            "INSERT INTO people (id, tenant_id, key_salt) SELECT i, $1, '\\x00' FROM unnest($2::uuid[]) AS t (i)",
            shop.id,
            ids,
        )
        await connection.execute(
            "INSERT INTO aliases (id, tenant_id, person_id, kind, hash)"
            " SELECT new_id(), $1, i, 'phone', h FROM unnest($2::uuid[], $3::uuid[]) AS t (i, h)",
            shop.id,
            ids,
            hashes,
        )
        await connection.execute(
            "INSERT INTO consent_states (tenant_id, purpose_id, person_id, consent_act, consent_at, consent_event_id)"
            " SELECT $1, p, i, 'given', now(), i FROM unnest($2::uuid[]) AS t (i), generate_series(1, 10) AS p",
            shop.id,
            ids,
        )
        await connection.execute("ANALYZE people, aliases, consent_states")
    finally:
        await connection.close()
    return hashes


async def test_a_moment_of_business_time_decides_expiry(shop: Shop, module_database: TestDatabase) -> None:
    to = phone()
    await shop.record(*shop.both(to))
    until = (NOW + timedelta(days=1)).isoformat()
    await shop.record(shop.consent(to, occurred_at=NOW.isoformat(), valid_until=until))
    connection = await asyncpg.connect(module_database.admin_url)
    try:
        seen = [await shop.verdict(to)]
        await connection.execute("UPDATE toplu.business_clock SET shift = interval '2 days'")
        seen.append(await shop.verdict(to))
    finally:
        await connection.execute("UPDATE toplu.business_clock SET shift = interval '0'")
        await connection.close()

    assert [None, "consent_expired"] == seen
