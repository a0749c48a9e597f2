from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from app.consents.errors import ObjectionIsThePersons
from app.consents.suppress import lift, suppress
from app.kit.ids import new_id
from tests.conftest import TestDatabase
from tests.rooms.consents.build import EARLIER, MARKETING, NOW, ORDERS, OTHER_MARKETING, Shop, code, phone

pytestmark = pytest.mark.anyio

PERSON: dict[str, Any] = {"channel": "whatsapp", "occurred_at": EARLIER}


async def sendable(shop: Shop) -> str:
    """A number that may be written to for marketing and about orders."""
    to = phone()
    await shop.record(*shop.both(to), *shop.both(to, purpose=OTHER_MARKETING))
    await shop.http.post("/v1/bases", json={"bases": [{"to": to, "purpose": ORDERS, "reference": "10045"}]})
    return to


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("all", ["suppressed", "suppressed", "suppressed"]),
        ("marketing", ["suppressed", "suppressed", None]),
        (MARKETING, ["suppressed", None, None]),
        (ORDERS, [None, None, "suppressed"]),
    ],
)
async def test_a_suppression_stops_what_its_scope_covers(shop: Shop, scope: str, expected: list[str | None]) -> None:
    to = await sendable(shop)

    await shop.act("suppressions", to, scope=scope, by="tenant")

    assert expected == [await shop.verdict(to, purpose) for purpose in (MARKETING, OTHER_MARKETING, ORDERS)]


@pytest.mark.parametrize("kind", ["objection", "suppression"])
async def test_who_wants_nothing_is_told_what_a_law_obliges_to_tell_them(shop: Shop, kind: str) -> None:
    """A breach of their own data (Law 6698, article 12/5); unless the tenant stopped it, or it was named."""
    to, duty = phone(), "data_security_measures"
    bases = [{"to": to, "purpose": purpose, "reference": "ihlal-1"} for purpose in (ORDERS, duty)]
    await shop.http.post("/v1/bases", json={"bases": bases})

    await shop.act("suppressions", to, scope="all", by="person", kind=kind)
    wants_nothing = [await shop.verdict(to, purpose) for purpose in (ORDERS, duty)]
    await shop.act("suppressions", to, scope="all", by="tenant")
    stopped = await shop.verdict(to, duty)
    await shop.act("suppressions/lift", to, scope="all", by="tenant")
    await shop.act("suppressions", to, scope=duty, by="person", kind=kind)

    expected = "objected" if kind == "objection" else "suppressed"
    assert [expected, None] == wants_nothing
    assert ["suppressed", expected] == [stopped, await shop.verdict(to, duty)]


async def test_an_unknown_scope_is_refused(shop: Shop) -> None:
    assert (422, "unknown_scope") == code(await shop.act("suppressions", phone(), scope="everything", by="tenant"))


async def test_lifting_lets_messages_go_again_and_gives_no_consent(shop: Shop) -> None:
    to = await sendable(shop)
    await shop.act("suppressions", to, scope="marketing", by="person")
    await shop.act("consents/withdraw", to, purposes=[OTHER_MARKETING])

    await shop.act("suppressions/lift", to, scope="marketing", by="person")

    assert [None, "consent_withdrawn"] == [await shop.verdict(to), await shop.verdict(to, OTHER_MARKETING)]


async def test_nobody_lifts_what_another_raised(shop: Shop) -> None:
    to = await sendable(shop)
    await shop.act("suppressions", to, scope="marketing", by="person")

    await shop.act("suppressions/lift", to, scope="marketing", by="tenant")

    assert "suppressed" == await shop.verdict(to)


async def test_a_platforms_resume_leaves_the_persons_own_stop(shop: Shop) -> None:
    to = await sendable(shop)
    person = await shop.person(to)
    async with shop.desk.run.db.begin(shop.id) as session:
        for who in ("person", "platform"):
            await suppress(session, shop.id, [person], "marketing", raised_by=who, **PERSON)

    async with shop.desk.run.db.begin(shop.id) as session:
        await lift(session, shop.id, [person], "marketing", lifted_by="platform", channel="whatsapp", occurred_at=NOW)
    after_resume = await shop.verdict(to)
    async with shop.desk.run.db.begin(shop.id) as session:
        await lift(session, shop.id, [person], "marketing", lifted_by="person", channel="whatsapp", occurred_at=NOW)

    assert "suppressed" == after_resume
    assert await shop.verdict(to) is None


async def test_an_objection_is_raised_and_lifted_by_the_person_alone(shop: Shop) -> None:
    to = await sendable(shop)
    person = await shop.person(to)

    raised_by_tenant = await shop.act("suppressions", to, scope="all", kind="objection", by="tenant")
    await shop.act("suppressions", to, scope="all", kind="objection", by="person")
    lifted_by_tenant = await shop.act("suppressions/lift", to, scope="all", kind="objection", by="tenant")
    async with shop.desk.run.db.begin(shop.id) as session:
        with pytest.raises(ObjectionIsThePersons):
            await lift(session, shop.id, [person], "all", kind="objection", lifted_by="platform", **PERSON)
    in_force = await shop.verdict(to)
    await shop.act("suppressions/lift", to, scope="all", kind="objection", by="person")

    assert [(422, "objection_is_the_persons")] * 2 == [code(raised_by_tenant), code(lifted_by_tenant)]
    assert "objected" == in_force
    assert await shop.verdict(to) is None


@pytest.mark.parametrize("minutes", [0, -1])
async def test_a_lift_that_is_not_newer_than_the_stop_changes_nothing(shop: Shop, minutes: int) -> None:
    to = await sendable(shop)
    raised, lifted = EARLIER.isoformat(), (EARLIER + timedelta(minutes=minutes)).isoformat()

    await shop.act("suppressions/lift", to, scope="marketing", by="person", occurred_at=lifted)
    await shop.act("suppressions", to, scope="marketing", by="person", occurred_at=raised)
    await shop.act("suppressions/lift", to, scope="marketing", by="person", occurred_at=lifted)

    assert "suppressed" == await shop.verdict(to)


async def test_somebody_unknown_who_is_suppressed_stays_so_when_they_are_imported(shop: Shop) -> None:
    to = phone()

    await shop.act("suppressions", to, scope="marketing", by="person")
    await shop.record(*shop.both(to))

    assert "suppressed" == await shop.verdict(to)


async def test_what_is_stopped_is_listed_in_pages_and_what_was_lifted_is_not(shop: Shop) -> None:
    numbers = [phone() for _ in range(3)]
    for to in numbers:
        await shop.act("suppressions", to, scope="marketing", by="tenant")
    await shop.act("suppressions/lift", numbers[1], scope="marketing", by="tenant")

    first = (await shop.http.get("/v1/suppressions", params={"limit": 1})).json()
    second = (await shop.http.get("/v1/suppressions", params={"limit": 1, "cursor": first["next_cursor"]})).json()
    person = second["data"][0]["person_id"]
    own = (await shop.http.get("/v1/suppressions", params={"person": person})).json()

    assert (True, False) == (first["has_more"], second["has_more"])
    assert [("marketing", "suppression", "tenant")] * 2 == [
        (one["scope"], one["kind"], one["raised_by"]) for one in [*first["data"], *second["data"]]
    ]
    assert second["data"] == own["data"]
    assert not any(to in str([first, second, own]) for to in numbers)


async def test_no_role_lifts_an_objection_without_an_act_of_the_person(
    shop: Shop, module_database: TestDatabase
) -> None:
    to = phone()
    await shop.act("suppressions", to, scope="all", kind="objection", by="person")
    person = await shop.person(to)
    connection = await asyncpg.connect(module_database.admin_url)
    statements = [
        f"UPDATE toplu.suppressions SET act = 'lifted' WHERE person_id = '{person}'",
        f"UPDATE toplu.suppressions SET raised_by = 'tenant' WHERE person_id = '{person}'",
        "INSERT INTO toplu.consent_events"
        " (id, tenant_id, person_id, record_kind, act, entity, scope, occurred_at, channel) VALUES"
        f" ('{new_id()}', '{shop.id}', '{person}', 'objection', 'lifted', 'tenant', 'all', now(), 'api')",
    ]

    try:
        for statement in statements:
            with pytest.raises(asyncpg.CheckViolationError):
                await connection.execute(statement)
    finally:
        await connection.close()

    assert "objected" == await shop.verdict(to)
