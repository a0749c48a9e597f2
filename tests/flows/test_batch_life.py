"""A batch's own life: started, paused, cancelled, and its sender with it."""

import asyncio

import pytest

from tests.house import House, phone

pytestmark = pytest.mark.anyio


async def test_pause_and_resume_lose_and_repeat_nothing(house: House) -> None:
    assert house.sandbox is not None
    phones = [phone(n) for n in range(120)]
    await house.consent(*phones)
    await asyncio.to_thread(house.sandbox.knobs, latency_ms=50)
    await house.client.patch(f"/v1/senders/{house.tenant.sender}", json={"messages_per_second": 60})
    batch = await house.send(*phones)
    await house.until(batch["id"], lambda body: body["counts"].get("queued", 0) < 110)

    paused = await house.client.post(f"/v1/batches/{batch['id']}/pause")
    still = await house.until(batch["id"], lambda body: "sending" not in body["counts"])
    left = still["counts"]["queued"]
    resumed = await house.client.post(f"/v1/batches/{batch['id']}/resume")
    settled = await house.until_settled(batch["id"])

    assert (200, 200) == (paused.status_code, resumed.status_code)
    assert 0 < left < 120
    assert 120 == sum(settled["counts"].values()) == len(house.accepted()) == len(set(house.accepted()))


async def test_cancel_keeps_what_is_queued_from_leaving(house: House) -> None:
    await house.stop_worker()
    await house.consent(phone(1), phone(2))
    batch = await house.send(phone(1), phone(2))

    cancelled = await house.client.post(f"/v1/batches/{batch['id']}/cancel")
    await house.start_worker()
    await asyncio.sleep(0.5)
    found = await house.get(f"/v1/batches/{batch['id']}/reconciliation")

    assert "cancelled" == cancelled.json()["state"]
    assert {"cancelled": 2} == found["by_state"]
    assert [] == house.accepted()


async def test_two_starts_are_one_start_and_a_draft_waits(house: House) -> None:
    await house.consent(phone(1))
    draft = await house.send(phone(1), start=False)

    first = await house.client.post(f"/v1/batches/{draft['id']}/start")
    second = await house.client.post(f"/v1/batches/{draft['id']}/start")
    await house.until_settled(draft["id"])

    assert "draft" == draft["state"]
    assert (202, 202) == (first.status_code, second.status_code)
    assert 1 == len(house.accepted())


async def test_if_match_lets_a_change_apply_only_to_what_was_read(house: House) -> None:
    await house.consent(phone(1))
    draft = await house.send(phone(1), start=False)
    answer = await house.client.get(f"/v1/batches/{draft['id']}")

    await house.client.post(f"/v1/batches/{draft['id']}/start")
    stale = await house.client.post(f"/v1/batches/{draft['id']}/cancel", headers={"if-match": answer.headers["etag"]})

    assert (412, "precondition_failed") == (stale.status_code, stale.json()["code"])


async def test_pausing_a_sender_stops_its_line(house: House) -> None:
    await house.consent(*[phone(n) for n in range(100)])
    await house.client.patch(f"/v1/senders/{house.tenant.sender}", json={"messages_per_second": 40})
    batch = await house.send(*[phone(n) for n in range(100)])
    await house.until(batch["id"], lambda body: body["counts"].get("queued", 0) < 95)

    await house.client.patch(f"/v1/senders/{house.tenant.sender}", json={"state": "paused"})
    paused = await house.until(batch["id"], lambda body: "sending" not in body["counts"])
    await asyncio.sleep(0.6)
    later = await house.get(f"/v1/batches/{batch['id']}")
    change = {"state": "active", "messages_per_second": 1000}
    await house.client.patch(f"/v1/senders/{house.tenant.sender}", json=change)
    settled = await house.until_settled(batch["id"])

    assert 0 < paused["counts"]["queued"] == later["counts"]["queued"]
    assert 100 == len(house.accepted()) == sum(settled["counts"].values())


async def test_a_list_of_batches_shows_each_with_its_own_counters(api_only: House) -> None:
    await api_only.consent(phone(1), phone(2))
    await api_only.send(phone(1), phone(2))
    await api_only.send(phone(1), phone(3))

    listed = (await api_only.get("/v1/batches"))["data"]

    assert [{"queued": 1, "refused": 1}, {"queued": 2}] == [batch["counts"] for batch in listed]
    assert [{"unknown_person": 1}, {}] == [batch["refusals"] for batch in listed]
