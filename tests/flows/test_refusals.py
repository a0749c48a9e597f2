"""What WhatsApp's refusals lead to beyond their own message: halted lines, a person's stop, a second post."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from app.kit.clock import utc_now
from app.kit.ids import decode
from tests.conftest import TestDatabase
from tests.furnish import UTILITY, made
from tests.house import House, phone
from tests.sandbox_process import TOKEN, WABA_ID

pytestmark = pytest.mark.anyio

BLOCKED_368 = "+447700900368"  # refused with 368: the account is blocked
HALTS = "SELECT halts FROM toplu.sender_lines WHERE sender_id = $1"
KEPT_BACK_131049 = "+447700900049"  # accepted, then failed with 131049: the person gets enough marketing
STOPPED_131050 = "+447700900050"  # accepted, then failed with 131050: the person stopped marketing


async def halted(house: House, sender: str, times: int, admin: "asyncpg.Connection[Any]") -> dict[str, Any]:
    """The sender, as soon as its line was halted that often in a row."""
    for _ in range(300):
        if times == await admin.fetchval(HALTS, decode("snd", sender)):
            return await house.get(f"/v1/senders/{sender}")
        await asyncio.sleep(0.05)
    raise AssertionError("never halted")


async def waits(house: House, batch: str) -> Any:
    """The batch as soon as it says what it waits for: the halt is seen before the message is back in its queue."""
    while "waiting" not in (shown := await house.get(f"/v1/batches/{batch}")):
        await asyncio.sleep(0.02)
    return shown


async def test_a_blocked_account_halts_all_its_senders_and_one_message_finds_out_when_it_is_over(
    house: House, database: TestDatabase
) -> None:
    admin = await asyncpg.connect(database.admin_url)
    over = "UPDATE toplu.sender_lines SET halted_until = clock_timestamp() WHERE halted_scope IS NOT NULL"
    second = {"name": "İkinci", "phone_number_id": "100000000000009", "waba_id": WABA_ID}
    second |= {"display_phone_number": "+90 850 000 00 09", "access_token": TOKEN}
    other = (await made(house.client, "/v1/senders", second))["id"]
    phones = [phone(n) for n in range(30)]
    await house.consent(BLOCKED_368, *phones)

    blocked = await house.send(BLOCKED_368)
    first = await halted(house, house.tenant.sender, 1, admin)
    with_it = await house.get(f"/v1/senders/{other}")
    waiting = await waits(house, blocked["id"])
    behind = await house.send(*phones)
    await admin.execute(over)
    await halted(house, house.tenant.sender, 2, admin)  # the first in line was the blocked one, and it alone tried
    tried = house.accepted()
    await house.client.post(f"/v1/batches/{blocked['id']}/cancel")
    resumed = await house.client.post(f"/v1/senders/{other}/resume")
    settled = await house.until_settled(behind["id"])
    shown = await house.get("/v1/senders")
    messages = await house.messages(blocked["id"]) + await house.messages(behind["id"])
    halts = await admin.fetchval("SELECT count(*) FROM toplu.sender_lines WHERE halted_scope IS NOT NULL")
    await admin.close()

    assert ("account", 368, False) == tuple(first["halted"][name] for name in ("scope", "code", "half_open"))
    assert first["halted"]["title"] and first["halted"]["since"] < first["halted"]["until"]
    assert ("account", 368) == (with_it["halted"]["scope"], with_it["halted"]["code"])
    assert ("sender_halted", first["halted"]["until"][:19]) == (
        waiting["waiting"]["reason"],
        waiting["waiting"]["until"][:19],
    )
    assert [] == tried
    assert 200 == resumed.status_code and 0 == halts
    assert ["halted" in sender for sender in shown["data"]] == [False, False]
    assert 30 == sum(settled["counts"].values()) == len(set(house.accepted())) == len(house.accepted())
    assert [0, *[1] * 30] == [message["attempts"] for message in messages]  # a halt burns no attempt


async def test_a_code_means_what_it_says_for_the_person_and_the_batch(house: House, database: TestDatabase) -> None:
    assert house.sandbox is not None
    admin = await asyncpg.connect(database.admin_url)
    await house.consent(STOPPED_131050, phone(1))

    first = await house.send(STOPPED_131050)
    await house.until(first["id"], lambda body: "failed" in body["counts"])
    again = await house.send(STOPPED_131050)
    await asyncio.to_thread(house.sandbox.knobs, failed_shares={"987654": 1.0})
    strange = await house.send(phone(1))
    parked = await house.until(strange["id"], lambda body: "unknown_codes" in body and "failed" in body["counts"])
    raised = await admin.fetch("SELECT entity, scope, method FROM toplu.consent_events WHERE act = 'raised'")
    await admin.close()

    assert {"suppressed": 1} == again["refusals"]
    assert [("platform", "marketing", "code_131050")] == [tuple(row) for row in raised]
    assert ([987654], {"failed": 1}) == (parked["unknown_codes"], parked["counts"])


async def test_whom_whatsapp_wants_left_alone_gets_no_marketing_for_a_day(house: House) -> None:
    await house.consent(KEPT_BACK_131049, phone(1))
    order = {"to": KEPT_BACK_131049, "variables": {"1": "492817"}, "basis_ref": "order-1"}
    asked = {"template": {"name": "order_update", "language": "tr"}, "purpose": UTILITY}
    soon, far = ((utc_now() + timedelta(days=days)).isoformat() for days in (0.5, 3))

    first = await house.send(KEPT_BACK_131049)
    await house.until(first["id"], lambda body: "failed" in body["counts"])
    waiting = await house.send(KEPT_BACK_131049, phone(1), expires_at=far)
    shown = await house.until(
        waiting["id"], lambda body: {"queued"} < set(body["counts"]) <= {"queued", "delivered", "read"}
    )
    left_alone = (await house.messages(waiting["id"]))[0]
    too_short = await house.until_settled((await house.send(KEPT_BACK_131049, expires_at=soon))["id"])
    served = await house.send(recipients=[order], **asked)
    await house.until(served["id"], lambda body: not {"queued", "sending"} & set(body["counts"]))

    assert "engagement_hold" == shown["waiting"]["reason"] == left_alone["waiting"]["reason"]
    wait = datetime.fromisoformat(shown["waiting"]["until"]) - utc_now()
    assert timedelta(hours=23) < wait <= timedelta(hours=24)
    assert {"expired": 1} == too_short["counts"]
    assert 3 == len(house.accepted())  # the first, the other person's, and what is no marketing


async def test_at_least_once_posts_again_after_a_lost_answer_and_says_so(house: House, database: TestDatabase) -> None:
    assert house.sandbox is not None
    admin = await asyncpg.connect(database.admin_url)
    await asyncio.to_thread(house.sandbox.knobs, faults={"reset_after_accept": 1.0}, hold_webhooks=True)
    code = {"to": phone(1), "variables": {"1": "492817"}, "basis_ref": "order-1"}
    asked = {"template": {"name": "order_update", "language": "tr"}, "purpose": UTILITY}

    batch = await house.send(recipients=[code], delivery_policy="at_least_once", **asked)
    lost = await house.until(batch["id"], lambda body: body.get("waiting", {}).get("reason") == "lost_answer")
    why = (await house.messages(batch["id"]))[0]["why"]
    await asyncio.to_thread(house.sandbox.knobs, faults={})
    await admin.execute("UPDATE toplu.dispatch SET due_at = clock_timestamp()")
    await house.until(batch["id"], lambda body: body["counts"] == {"sent": 1})
    (message,) = await house.messages(batch["id"])
    events = (await house.get(f"/v1/messages/{message['id']}/events"))["data"]
    marketing = await house.client.post("/v1/batches", json=house.batch_of(phone(1), delivery_policy="at_least_once"))
    await admin.close()

    assert ("at_least_once", {"queued": 1}) == (batch["delivery_policy"], lost["counts"])
    assert "posted again" in why
    assert ["queued", "sending", "uncertain", "sending", "sent"] == [event["kind"] for event in events]
    assert (2, 2) == (message["attempts"], len(house.accepted()))
    assert (422, "delivery_policy_not_allowed") == (marketing.status_code, marketing.json()["code"])
