"""What is due: terms in business days and in hours, in order, and told once."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from app.duties.queries import OPEN, PREFIXES, STATES
from app.duties.tell_overdue import show_count, tell_overdue
from app.kit.db import Database
from app.kit.logs import configure
from app.kit.metrics import metrics
from app.runtime import open_database
from tests.conftest import TestDatabase
from tests.house import House
from tests.rooms.desk import Desk, Tenant, open_desk
from tests.rooms.duties.clock import shift_to
from tests.rooms.registers.entries import NEW

pytestmark = pytest.mark.anyio


@pytest.fixture
async def own(database: TestDatabase) -> AsyncIterator[tuple[Desk, str]]:
    """A desk on a database of this test's own, whose clock may be shifted."""
    async with open_desk(database.url) as desk:
        yield desk, database.admin_url


@pytest.fixture
async def worker(own: tuple[Desk, str]) -> AsyncIterator[Database]:
    db = open_database(own[0].run.settings, "worker")
    yield db
    await db.close()


async def duties(tenant: Tenant, **asked: str) -> list[dict[str, Any]]:
    answer = await tenant.http.get("/v1/duties", params={"limit": "200"} | asked)
    assert answer.is_success, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def state_of(tenant: Tenant, kind: str, entry: str) -> str | None:
    """The state of one duty, or None when there is none of that kind about that entry."""
    found = [one for state in STATES for one in await duties(tenant, state=state)]
    return next((one["state"] for one in found if (one["kind"], one["object_id"]) == (kind, entry)), None)


async def made(tenant: Tenant, register: str, **more: Any) -> str:
    answer = await tenant.http.post(f"/v1/registers/{register}", json=NEW[register] | more)
    assert 201 == answer.status_code, answer.text
    return str(answer.json()["id"])


async def test_a_standard_contract_that_was_not_notified_is_overdue_on_the_sixth_business_day(
    own: tuple[Desk, str],
) -> None:
    """Signed on Monday before Kurban Bayramı 2026: its eve counts, four feast days and the weekend do not."""
    desk, clock = own
    tenant = await desk.tenant()
    contract = await made(tenant, "transfers", signed_on="2026-05-25")
    states = {}

    for moment in ("05-25T12:00", "06-03T00:01", "06-04T23:59", "06-05T00:01"):
        await shift_to(clock, f"2026-{moment}+03:00")
        states[moment[:5]] = await state_of(tenant, "transfer_notification", contract)
    await tenant.http.patch(f"/v1/registers/transfers/{contract}", json={"notified_on": "2026-06-08"})

    assert {"05-25": "ok", "06-03": "warning", "06-04": "warning", "06-05": "overdue"} == states
    assert "done" == await state_of(tenant, "transfer_notification", contract)


async def test_the_clock_of_an_incident_is_72_hours_and_stops_when_the_board_is_told(own: tuple[Desk, str]) -> None:
    desk, clock = own
    tenant = await desk.tenant()
    kind = "incident_board_notification"
    incident = await made(tenant, "incidents", detected_at="2026-11-16T10:00:00Z")
    false_alarm = await made(tenant, "incidents", detected_at="2026-11-16T10:00:00Z", personal_data=False)
    states = {}

    for moment in ("2026-11-16T10:01:00Z", "2026-11-19T09:59:00Z", "2026-11-19T10:00:01Z"):
        await shift_to(clock, moment)
        states[moment] = await state_of(tenant, kind, incident)
    told = {"notified_board_at": "2026-11-19T11:00:00Z", "delay_reason": "Kapsam geç anlaşıldı."}
    await tenant.http.patch(f"/v1/registers/incidents/{incident}", json=told)

    assert ["warning", "warning", "overdue"] == list(states.values())
    assert "done" == await state_of(tenant, kind, incident)
    assert None is await state_of(tenant, kind, false_alarm)


@pytest.mark.covers("O1", "O4")
async def test_a_check_or_a_rotation_that_nobody_made_becomes_overdue(own: tuple[Desk, str]) -> None:
    desk, clock = own
    tenant = await desk.tenant()
    control = await made(tenant, "controls", review_on="2026-11-20")
    secret = await made(tenant, "assets", review_on="2026-12-15")
    await shift_to(clock, "2026-11-22T12:00+03:00")

    before = [await state_of(tenant, "control_check", control), await state_of(tenant, "secret_rotation", secret)]
    await tenant.http.patch(f"/v1/registers/controls/{control}", json={"review_on": "2027-11-20"})

    assert ["overdue", "warning"] == before
    assert "ok" == await state_of(tenant, "control_check", control)


async def test_the_transfer_to_whatsapp_is_due_until_it_is_documented(own: tuple[Desk, str]) -> None:
    desk, _ = own
    tenant = await desk.tenant()
    whatsapp = (await tenant.http.get("/v1/registers/transfers")).json()["data"][0]["id"]
    kind, path = "transfer_documentation", f"/v1/registers/transfers/{whatsapp}"
    states = [await state_of(tenant, kind, whatsapp)]

    for change in (
        {"safeguard": "occasional_exception"},
        {"safeguard": "bcr"},
        {"document_sha256": "0" * 64},
        {"safeguard": "standard_contract"},
    ):
        await tenant.http.patch(path, json=change)
        states.append(await state_of(tenant, kind, whatsapp))

    assert ["overdue", "overdue", "overdue", None, "overdue"] == states


async def test_a_term_over_feasts_that_nobody_knows_yet_says_so(own: tuple[Desk, str]) -> None:
    desk, clock = own
    tenant = await desk.tenant()
    contract = await made(tenant, "transfers", signed_on="2026-11-16")
    await desk.rows(  # an entry of a year to come cannot be made today
        tenant.id,
        "UPDATE transfers SET signed_on = '2034-11-06', notify_by = '2034-11-13', notify_by_certain = false"
        " WHERE importer = :importer RETURNING id",
        importer=NEW["transfers"]["importer"],
    )
    await shift_to(clock, "2034-11-07T12:00+03:00")

    (found,) = [one for one in await duties(tenant) if one["kind"] == "transfer_notification"]

    assert (contract, False) == (found["object_id"], found["certain"])


async def test_the_list_is_in_the_order_of_its_terms_page_by_page(own: tuple[Desk, str]) -> None:
    desk, _ = own
    tenant = await desk.tenant()
    for day in ("2026-11-17", "2026-11-16"):
        await made(tenant, "transfers", signed_on=day)
    whole = await duties(tenant)
    pages: list[dict[str, Any]] = []
    query: dict[str, str] = {"limit": "7"}

    while query:
        answer = await tenant.http.get("/v1/duties", params=query)
        pages += answer.json()["data"]
        cursor = answer.json()["next_cursor"]
        query = {"limit": "7", "cursor": cursor} if cursor else {}
        assert bool(cursor) == ("link" in answer.headers)

    assert whole == pages
    assert len(whole) > 20
    assert sorted(one["due_at"] for one in whole) == [one["due_at"] for one in whole]
    assert {one["state"] for one in whole} <= set(OPEN)


async def test_a_tenant_sees_only_its_own_duties_and_cannot_use_anothers_cursor(own: tuple[Desk, str]) -> None:
    desk, _ = own
    tenant, other = await desk.tenant(), await desk.tenant()
    theirs = await made(other, "transfers", signed_on="2026-11-16")
    cursor = (await other.http.get("/v1/duties?limit=1")).json()["next_cursor"]

    answer = await tenant.http.get("/v1/duties", params={"cursor": cursor})

    assert theirs not in {one["object_id"] for one in await duties(tenant)}
    assert (400, "cursor_invalid") == (answer.status_code, answer.json()["code"])


async def test_every_kind_says_how_the_id_of_its_object_begins(own: tuple[Desk, str]) -> None:
    """One entry of every register, with every date: so every kind there is."""
    desk, _ = own
    tenant = await desk.tenant()
    ids = [
        await made(tenant, "transfers", signed_on="2026-11-16", review_on="2027-01-01"),
        await made(tenant, "processors", review_on="2027-01-01"),
        await made(tenant, "controls", review_on="2027-01-01"),
        await made(tenant, "assets", review_on="2027-01-01"),
        await made(tenant, "assets", review_on="2027-01-01", kind="device"),
        await made(tenant, "incidents"),
    ]

    found = await duties(tenant)

    kinds = {"transfer_notification", "transfer_documentation", "transfer_review", "incident_board_notification"}
    kinds |= {"processor_review", "control_check", "asset_review", "secret_rotation"}
    assert kinds <= {one["kind"] for one in found} & PREFIXES.keys()
    assert set(ids) <= {one["object_id"] for one in found}


async def test_one_worker_counts_in_an_hour_and_what_is_overdue_is_told_once_a_day(
    own: tuple[Desk, str], worker: Database
) -> None:
    desk, clock = own
    said = io.StringIO()
    configure("INFO", said)
    tenants = [await desk.tenant() for _ in range(3)]
    await made(tenants[0], "incidents", detected_at="2026-11-02T10:00:00Z")
    told = []

    for hours_later in (0, 0, 2, 25):
        await _age_round(clock, hours_later)
        counted = await tell_overdue(worker)
        told.append((counted, said.getvalue().count("duties.overdue") - sum(lines for _, lines in told)))

    assert [(True, 3), (False, 0), (True, 0), (True, 3)] == told
    await show_count(desk.run.db)
    assert b"toplu_duties_overdue 4.0" in metrics.render()[0]  # three transfers to WhatsApp, and the incident
    assert str(tenants[0].id).encode() not in metrics.render()[0]


async def _age_round(admin_url: str, hours: int) -> None:
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(
            "UPDATE toplu.duty_rounds SET counted_at = counted_at - make_interval(hours => $1),"
            " told_at = told_at - make_interval(hours => $1)",
            hours,
        )
    finally:
        await connection.close()


async def test_reading_duties_needs_its_scope(own: tuple[Desk, str]) -> None:
    desk, _ = own
    tenant = await desk.tenant(scopes=["registers:read"])

    answer: httpx.Response = await tenant.http.get("/v1/duties")

    assert (403, "scope_missing") == (answer.status_code, answer.json()["code"])


async def test_a_worker_counts_by_itself_and_the_metrics_of_the_api_show_it(house: House) -> None:
    said = ""

    for _ in range(200):
        said = (await house.client.get("/metrics")).text
        if "toplu_duties_overdue 1.0" in said:
            break
        await asyncio.sleep(0.05)

    assert "toplu_duties_overdue 1.0" in said
    assert "toplu_duties_warning 0.0" in said
