"""Reading what is odd, foreign or hostile: it spoils only itself, and none of it is in the logs."""

import json
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from tests.rooms.inbound.stand import Stand, Tenant, a_phone, body_of, preference, said, status

pytestmark = pytest.mark.anyio


async def test_what_is_not_ours_is_counted_and_dropped(stand: Stand) -> None:
    tenant = await stand.tenant()
    stranger = Tenant(tenant.id, tenant.sender, "999999999999999")
    bodies = [
        body_of(tenant.value(statuses=[status(None, "read"), status("somebody-elses", "sent")])),
        body_of(tenant.value(statuses=[status(uuid4(), "deleted"), status("confirm:1", "sent")])),
        body_of(tenant.value(statuses=[status(uuid4(), "read") | {"biz_opaque_callback_data": "{" + "a" * 34 + "}"}])),
        body_of({"anything": 1}, field="account_alerts"),
        body_of(stranger.value(statuses=[status(uuid4(), "read")], messages=[said(a_phone(), "DUR")])),
    ]
    parked = await stand.rows("SELECT count(*) FROM parked_statuses")

    with capture_logs() as logs:
        await stand.tell(*bodies)

    told = {line["event"] for line in logs}
    ignored = next(line for line in logs if line["event"] == "inbound.ignored")
    assert {"inbound.ignored", "inbound.unknown_number"} <= told
    assert (3, 1, 1, 1) == tuple(
        ignored[kind] for kind in ("foreign_status", "unknown_status", "confirmation_status", "other")
    )
    assert (parked, 0) == (await stand.rows("SELECT count(*) FROM parked_statuses"), await stand.queued())


HOSTILE = {
    "nothing": b"",
    "not json": b"<xml/>",
    "not utf-8": b"\xff\xfe\x00",
    "null": b"null",
    "a list": b"[]",
    "another object": b'{"object":"page","entry":[]}',
    "no entries": b'{"object":"whatsapp_business_account"}',
    "deep": b"[" * 100_000,
    "deep inside": b'{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":'
    + b"[" * 50_000
    + b"]" * 50_000
    + b"}]}]}",
    "huge number": b'{"object":"whatsapp_business_account","entry":[{"id":' + b"9" * 5_000 + b',"changes":[]}]}',
    "a nul in it": b'{"object":"whatsapp_business_account\\u0000","entry":[]}',
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_signed_body_that_cannot_be_read_is_kept_and_leaves_the_queue(stand: Stand, body: bytes) -> None:
    before = (await stand.rows("SELECT count(*) FROM webhook_raw"))[0][0]

    await stand.tell(body)

    assert before + 1 == (await stand.rows("SELECT count(*) FROM webhook_raw"))[0][0]
    assert 0 == await stand.queued()


async def test_odd_items_spoil_only_themselves(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()
    good, coded = await stand.put(tenant, "sent", "sent")
    odd_statuses: list[Any] = [
        None,
        7,
        [],
        {"id": None},
        status(uuid4(), "read", id={"a": 1}),
        status(uuid4(), "read", timestamp="-1"),
        status(uuid4(), "read", timestamp=10**30),
        status(uuid4(), "read") | {"id": "wamid." + "x" * 100_000},
        status(coded, "failed", errors=[{"code": 2**40}]),
    ]
    odd_messages = [
        said(None, "DUR"),
        said("not a number", "DUR"),
        said(None, "DUR", from_user_id="<script>"),
        said(phone, "DUR\x00\ud800"),
        said(phone, "x", text={"body": ["DUR"]}),
        said(phone, "x", type="button", button={"payload": 7}),
    ]
    told = tenant.value(statuses=[*odd_statuses, status(good, "read")], messages=odd_messages)
    switches = tenant.value(user_preferences=[None, {"wa_id": 1}, preference("+1", "stop"), preference("x", "stop")])

    await stand.tell(body_of(told), body_of(switches, field="user_preferences"))

    assert ["read", "failed"] == await stand.states([good, coded])
    assert [(None,)] == await stand.rows("SELECT meta_code FROM outcomes WHERE id = $1", coded)
    assert 0 == await stand.queued()


async def test_a_raw_body_under_another_master_key_waits_for_the_right_one(stand: Stand) -> None:
    await stand.post(body_of({"n": 1}))
    await stand.admin.execute(
        "WITH moved AS (SELECT new_id() AS id), kept AS (INSERT INTO webhook_raw (id, body_ct)"
        " SELECT moved.id, body_ct FROM moved, webhook_raw LIMIT 1)"
        " INSERT INTO webhook_queue (raw_id) SELECT id FROM moved"
    )

    with capture_logs() as logs:
        await stand.settle()

    assert 1 == await stand.queued()
    assert "inbound.unsealable" in {line["event"] for line in logs}


async def test_no_log_line_holds_a_number_or_a_word_of_anybody(stand: Stand) -> None:
    tenant, phone = await stand.tenant(), a_phone()
    (message,) = await stand.put(tenant, "sent")
    secret = "kimsenin bilmediği bir cümle, iptal"

    with capture_logs() as logs:
        await stand.tell(
            body_of(tenant.value(messages=[said(phone, "DUR"), said(phone, secret)])),
            body_of(tenant.value(statuses=[status(message, "read", recipient_id=phone[1:])])),
            body_of(tenant.value(user_preferences=[preference(phone, "stop")]), field="user_preferences"),
        )

    written = json.dumps(logs, default=str)
    assert {"inbound.stopped", "inbound.held_for_review", "inbound.settled"} <= {line["event"] for line in logs}
    assert not any(word in written for word in (phone[1:], "kimsenin", tenant.number))
