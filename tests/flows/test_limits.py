"""A person who cannot take more for now waits; everybody else is written to."""

from pathlib import Path

import pytest

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
