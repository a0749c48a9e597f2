"""A person who cannot take more for now waits; everybody else is written to."""

from pathlib import Path

import pytest

from app.kit.ids import decode, encode
from tests.conftest import Servers, TestDatabase
from tests.house import open_house, phone

pytestmark = pytest.mark.anyio


async def test_one_person_too_often_waits_and_the_neighbours_go_on(
    servers: Servers, database: TestDatabase, tmp_path: Path
) -> None:
    knobs = {"pair_every_s": 600, "pair_burst": 1}
    async with open_house(database.url, servers.valkey.url, tmp_path, knobs=knobs) as house:
        await house.consent(*[phone(n) for n in range(5)])
        first = (await house.send(phone(0)))["id"]
        await house.until_settled(first)

        second = (await house.send(*[phone(n) for n in range(5)]))["id"]
        body = await house.until(
            second, lambda body: body["counts"].get("queued") == 1 and "sending" not in body["counts"]
        )

        assert 1 + 4 == len(house.accepted())
        waits = next(message for message in await house.messages(second) if message["state"] == "queued")
        events = (await house.get(f"/v1/messages/{waits['id']}/events"))["data"]
        assert ("deferred", 131056) == (events[-1]["kind"], events[-1]["meta_code"])
        assert "running" == body["state"]


async def test_a_number_that_whatsapp_lets_speak_slower_than_told_finds_its_pace_and_loses_nothing(
    servers: Servers, database: TestDatabase, tmp_path: Path
) -> None:
    knobs = {"throughput_per_s": 25, "throughput_burst": 10}
    people = [phone(n) for n in range(100)]
    async with open_house(database.url, servers.valkey.url, tmp_path, knobs=knobs) as house:
        assert house.sandbox is not None
        await house.consent(*people)
        capacity = f"/v1/senders/{house.tenant.sender}/capacity"
        told = (await house.get(capacity))["effective_messages_per_second"]
        paces: set[float] = set()

        batch = (await house.send(*people))["id"]
        while "completed" != (await house.get(f"/v1/batches/{batch}"))["state"]:
            paces.add((await house.get(capacity))["effective_messages_per_second"])
        body = await house.until_settled(batch)

        limited = [line["opaque"] for line in house.sandbox.truth("limited") if line["code"] == 130429]
        posted = [decode("msg", message["id"]) for message in await house.messages(batch)]
        refused = next(message for message in posted if str(message) in limited)
        events = (await house.get(f"/v1/messages/{encode('msg', refused)}/events"))["data"]
        sender = await house.get(f"/v1/senders/{house.tenant.sender}")
        assert 100 == sum(body["counts"].values()) and {"delivered", "read"} >= body["counts"].keys()
        assert sorted(str(message) for message in posted) == sorted(house.accepted())
        assert [1] * 100 == [message["attempts"] for message in await house.messages(batch)]
        assert ("deferred", 130429) in [(event["kind"], event["meta_code"]) for event in events]
        assert min(paces) <= told / 2
        assert "halted" not in sender  # slower is not silent
