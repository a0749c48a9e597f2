"""A batch's life when something is wrong: late, failing, in the way, or one row that nobody can claim."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import text

from app.dispatch import quarantine
from app.dispatch.lines import Lines
from app.dispatch.sweep import sweep
from app.kit.clock import utc_now
from app.kit.ids import decode
from app.runtime import Runtime
from tests.conftest import TestDatabase
from tests.house import House, phone
from tests.rooms.terms_of import publish, text_of

pytestmark = pytest.mark.anyio


async def ask(admin_url: str, statement: str, *values: Any) -> list[Any]:
    """What the database says under its roles."""
    connection = await asyncpg.connect(admin_url)
    try:
        return list(await connection.fetch(statement, *values))
    finally:
        await connection.close()


async def drain(house: House, run: Runtime, until: Callable[[], Awaitable[bool]]) -> None:
    """One worker's work on the line, until something is so, or the line is empty. Nobody listens where it posts."""
    lines = Lines(run)
    await house.client.post(f"/v1/senders/{house.tenant.sender}/resume")
    lines.wake(decode("snd", house.tenant.sender), house.tenant.id)
    while lines._drains and not await until():
        await asyncio.sleep(0.02)
    await lines.stop()


async def count_as(admin_url: str, house: House, batch: str, **counts: int) -> None:
    """As if that many messages had come to these states."""
    for state, n in counts.items():
        await ask(
            admin_url,
            "INSERT INTO toplu.batch_counts (tenant_id, batch_id, state, n) VALUES ($1, $2, $3, $4)",
            *(house.tenant.id, decode("bat", batch), state, n),
        )


async def test_a_batch_that_fails_too_often_is_paused_and_judged_anew_after_a_resume(
    shop: House, worker: Runtime, module_database: TestDatabase
) -> None:
    await shop.consent(phone(1))
    usual = await shop.send(phone(1))
    strict = await shop.send(phone(1), error_policy={"rate": 0.1, "sample": 10})
    careless = await shop.send(phone(1), error_policy={"on_errors": "go_on"})
    for batch in (usual, strict, careless):
        await count_as(module_database.admin_url, shop, batch["id"], delivered=60, failed=39)

    await sweep(worker.db, shop.tenant.id)
    first = [(await shop.get(f"/v1/batches/{batch['id']}"))["state_reason"] for batch in (usual, strict, careless)]
    await count_as(module_database.admin_url, shop, usual["id"], failed=100)
    await shop.client.post(f"/v1/batches/{strict['id']}/resume")
    await sweep(worker.db, shop.tenant.id)
    second = [(await shop.get(f"/v1/batches/{batch['id']}"))["state_reason"] for batch in (usual, strict, careless)]
    await count_as(module_database.admin_url, shop, strict["id"], failed=10)
    await sweep(worker.db, shop.tenant.id)
    third = await shop.get(f"/v1/batches/{strict['id']}")

    assert {"on_errors": "pause", "rate": 0.5, "sample": 100} == usual["error_policy"]
    assert "go_on" == careless["error_policy"]["on_errors"]
    assert [None, "error_rate", None] == first
    assert ["error_rate", None, None] == second
    assert ("paused", "error_rate") == (third["state"], third["state_reason"])


async def test_a_batch_that_is_found_late_waits_for_a_person_unless_it_may_be_late(
    shop: House, worker: Runtime, module_database: TestDatabase
) -> None:
    await shop.consent(phone(1))
    soon = utc_now().replace(year=2031).isoformat()
    late = await shop.send(phone(1), send_at=soon)
    anyway = await shop.send(phone(1), send_at=soon, start_late="send")
    in_time = await shop.send(phone(1), send_at=soon)
    for batch, minutes in ((late, 16), (anyway, 16), (in_time, 14)):
        await ask(
            module_database.admin_url,
            "UPDATE toplu.batches SET send_at = now() - make_interval(mins => $2) WHERE id = $1",
            *(decode("bat", batch["id"]), minutes),
        )

    await sweep(worker.db, shop.tenant.id)
    states = [(await shop.get(f"/v1/batches/{one['id']}"))["state"] for one in (late, anyway, in_time)]
    reason = (await shop.get(f"/v1/batches/{late['id']}"))["state_reason"]
    resumed = await shop.client.post(f"/v1/batches/{late['id']}/resume")
    await sweep(worker.db, shop.tenant.id)
    after = await shop.get(f"/v1/batches/{late['id']}")

    assert ("pause", "send") == (late["start_late"], anyway["start_late"])
    assert ["paused", "running", "running"] == states
    assert "started_late" == reason
    assert ("running", "running") == (resumed.json()["state"], after["state"])


async def test_a_batch_says_what_it_waits_for(shop: House, worker: Runtime, module_database: TestDatabase) -> None:
    await shop.consent(phone(1))
    batch = (await shop.send(phone(1)))["id"]
    sender = f"/v1/senders/{shop.tenant.sender}"
    template = next(t["id"] for t in (await shop.get("/v1/templates"))["data"] if t["name"] == "autumn_offer")
    words = decode("tpl", template)
    lines = Lines(worker)

    async def waits() -> str | None:
        body = await shop.get(f"/v1/batches/{batch}")
        return body["waiting"]["reason"] if "waiting" in body else None

    found = [await waits()]
    await lines.beat()
    found.append(await waits())
    await shop.client.patch(sender, json={"state": "paused"})
    found.append(await waits())
    await shop.client.patch(sender, json={"state": "active"})
    await shop.client.patch(f"/v1/templates/{template}", json={"status": "paused"})
    found.append(await waits())
    await shop.client.patch(f"/v1/templates/{template}", json={"status": "approved"})
    for review in ("needs_review", "not_needed"):
        await ask(module_database.admin_url, "UPDATE toplu.templates SET review = $2 WHERE id = $1", words, review)
        found.append(await waits())
    for purposes in (["new_product_announcement"], ["campaign_information"]):
        await shop.client.patch(f"/v1/templates/{template}", json={"purposes": purposes})
        found.append(await waits())
    await ask(module_database.admin_url, QUARANTINE)
    found.append(await waits())
    await ask(module_database.admin_url, RELEASE)
    due = "UPDATE toplu.dispatch SET due_at = now() + make_interval(mins => $2) WHERE batch_id = $1"
    await ask(module_database.admin_url, due, decode("bat", batch), 5)
    found.append(await waits())
    await lines.stop()

    template_told = ["template_not_approved", "template_needs_review", None, "template_not_bound", None]
    assert ["no_worker", None, "sender_paused", *template_told, "quarantined", "retry"] == found


async def test_a_row_that_nobody_can_claim_leaves_the_queue_and_its_neighbours_go_on(
    shop: House, worker: Runtime, module_database: TestDatabase
) -> None:
    await shop.consent(*[phone(n) for n in range(5)])
    batch = (await shop.send(*[phone(n) for n in range(5)]))["id"]
    poison = decode("msg", (await shop.messages(batch))[2]["id"])
    for statement in TRIP:
        await ask(module_database.admin_url, statement.format(poison=poison))

    async def is_over() -> bool:
        rows = await ask(module_database.admin_url, CLAIMS, decode("bat", batch))
        return len(rows) == 4 and all(row["claims"] for row in rows)

    await drain(shop, worker, is_over)
    states = [(one["state"], one["reason"]) for one in await shop.messages(batch)]
    told = [row["kind"] for row in await ask(module_database.admin_url, EVENTS, poison)]
    await ask(module_database.admin_url, "DROP TRIGGER trip ON toplu.dispatch")
    await shop.client.post(f"/v1/batches/{batch}/cancel")

    assert ("failed", "quarantined") == states.pop(2)
    assert {("queued", None)} == set(states)  # nobody listens here: they were claimed, and came back unposted
    assert ["failed"] == told


@pytest.mark.parametrize(
    ("size", "error"), [(3, "check_violation"), (1, "undefined_column")], ids=["all of several", "what is lacking"]
)
async def test_what_is_no_rows_fault_fails_no_message_and_holds_up_no_other_batch(
    shop: House, worker: Runtime, module_database: TestDatabase, size: int, error: str
) -> None:
    await shop.consent(*[phone(n) for n in range(size)])
    stuck = (await shop.send(*[phone(n) for n in range(size)]))["id"]
    behind = (await shop.send(phone(0)))["id"]
    for statement in TRIP:
        statement = statement.replace("NEW.id", "NEW.batch_id").replace("check_violation", error)
        await ask(module_database.admin_url, statement.format(poison=decode("bat", stuck)))

    async def is_over() -> bool:
        (row,) = await ask(module_database.admin_url, CLAIMS, decode("bat", behind))
        return bool(row["claims"])

    await drain(shop, worker, is_over)
    claims = [row["claims"] for row in await ask(module_database.admin_url, CLAIMS, decode("bat", behind))]
    states = {one["state"] for one in await shop.messages(stuck)}
    await ask(module_database.admin_url, "DROP TRIGGER trip ON toplu.dispatch")
    for batch in (stuck, behind):
        await shop.client.post(f"/v1/batches/{batch}/cancel")

    assert [1] == claims
    assert {"queued"} == states


async def test_what_was_posted_once_leaves_the_queue_as_uncertain_and_has_not_failed(
    shop: House, worker: Runtime, module_database: TestDatabase
) -> None:
    await shop.consent(phone(1), phone(2))
    batch = (await shop.send(phone(1), phone(2)))["id"]
    ids = [decode("msg", one["id"]) for one in await shop.messages(batch)]
    posted = (
        "UPDATE toplu.dispatch AS d SET unsure = true, consent_event_id = m.consent_event_id"
        "  FROM toplu.messages AS m WHERE m.id = d.id AND d.id = $1"
    )
    await ask(module_database.admin_url, posted, ids[0])
    statement = Path(quarantine.__file__).with_suffix(".sql").read_text(encoding="utf-8")

    async with worker.db.begin(shop.tenant.id) as session:
        await session.execute(text(statement), {"tenant": shop.tenant.id, "ids": ids})

    rows = await shop.messages(batch)
    assert [("uncertain", True), ("failed", False)] == [(row["state"], row["failed_at"] is None) for row in rows]


QUARANTINE = "UPDATE toplu.restore_guard SET quarantined_at = now()"
RELEASE = "UPDATE toplu.restore_guard SET quarantined_at = NULL"
EVENTS = "SELECT kind FROM toplu.delivery_events WHERE message_id = $1"
CLAIMS = "SELECT claims FROM toplu.dispatch WHERE batch_id = $1"
TRIP = (
    "CREATE OR REPLACE FUNCTION toplu.trip() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = 'check_violation'; END $$",
    "CREATE TRIGGER trip BEFORE UPDATE ON toplu.dispatch FOR EACH ROW WHEN (NEW.id = '{poison}')"
    " EXECUTE FUNCTION toplu.trip()",
)


async def test_two_starts_at_once_are_one_start(shop: House) -> None:
    await shop.consent(phone(1))
    draft = (await shop.send(phone(1), start=False))["id"]

    answers = await asyncio.gather(*[shop.client.post(f"/v1/batches/{draft}/start") for _ in range(6)])
    queued = (await shop.get(f"/v1/batches/{draft}/reconciliation"))["by_state"]

    assert [202] * 6 == [answer.status_code for answer in answers]
    assert 1 == len({answer.json()["started_at"] for answer in answers})
    assert {"queued": 1} == queued


async def test_what_runs_waits_while_the_tenant_may_not_send(
    shop: House, worker: Runtime, module_database: TestDatabase
) -> None:
    """The last one here: the terms stay published."""
    await shop.consent(phone(9))
    batch: UUID = decode("bat", (await shop.send(phone(9)))["id"])
    shown = f"/v1/batches/{(await shop.get('/v1/batches'))['data'][0]['id']}"
    await publish(shop.run.db, text_of())

    async def was_claimed() -> bool:
        return bool((await ask(module_database.admin_url, CLAIMS, batch))[0]["claims"])

    await drain(shop, worker, was_claimed)
    waiting = (await shop.get(shown))["waiting"]
    before = await was_claimed()
    terms = (await shop.get("/v1/terms"))["data"][0]["in_force"]
    accepted = {name: terms[name] for name in ("document", "version", "bundle_sha256")}
    by = {"name": "Deniz Yılmaz", "role": "Genel müdür"}
    await shop.client.post("/v1/terms/acceptances", json=accepted | {"accepted_by": by})
    await drain(shop, worker, was_claimed)
    after = await was_claimed()

    assert {"reason": "terms_acceptance_required"} == waiting
    assert (False, True) == (before, after)
