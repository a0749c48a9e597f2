"""A template's messages that WhatsApp holds back to see how others take them, and one that it drops in the end."""

import asyncio

import pytest

from tests.house import House, phone

pytestmark = pytest.mark.anyio

RELEASED, DROPPED = "+447700900014", "+447700900015"


async def test_a_held_message_says_so_until_a_status_says_more_and_a_dropped_one_stops_its_template(
    house: House,
) -> None:
    assert house.sandbox is not None
    await asyncio.to_thread(house.sandbox.knobs, held_release_s=2, pair_every_s=600, pair_burst=1)
    await house.consent(RELEASED, DROPPED, phone(1))
    first = (await house.send(phone(1)))["id"]
    await house.until_settled(first)

    batch = (await house.send(RELEASED, DROPPED, phone(1)))["id"]  # the last one waits for its pair: the batch runs on
    await house.until(batch, lambda body: body["counts"] == {"sent": 2, "queued": 1})
    held = await house.messages(batch)
    await house.until(batch, lambda body: "failed" in body["counts"] and "sent" not in body["counts"])
    body = await house.until(batch, lambda body: body.get("waiting", {}).get("reason") == "template_paused")
    told = await house.messages(batch)
    events = (await house.get(f"/v1/messages/{told[1]['id']}/events"))["data"]

    assert [("sent", "held_for_quality")] * 2 == [(one["state"], one["reason"]) for one in held[:2]]
    assert all("keeps it back" in one["why"] for one in held[:2])
    assert told[0]["state"] in ("delivered", "read") and told[0]["reason"] is None
    assert ("failed", "told_by_webhook", 132015) == tuple(told[1][name] for name in ("state", "reason", "meta_code"))
    assert ["queued", "sending", "sent", "failed"] == [event["kind"] for event in events]
    assert [None, None, "held_for_quality", None] == [event["reason"] for event in events]
    assert ("running", "queued") == (body["state"], told[2]["state"])
    assert body["waiting"]["until"] is not None
    lines = house.sandbox.truth("accepted")
    assert [False, True, True] == [line.get("held", False) for line in lines]
    assert [132015] == [line["code"] for line in house.sandbox.truth("status") if line["status"] == "failed"]
