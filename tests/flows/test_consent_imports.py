"""Imports of consents over a real connection: cut, sent again, and with a STOP in the middle."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from app.kit.clock import utc_now
from tests.furnish import IYS, MARKETING
from tests.house import House, phone

pytestmark = pytest.mark.anyio

NDJSON = {"content-type": "application/x-ndjson"}
AT = (utc_now() - timedelta(hours=1)).isoformat()  # the same when a list is sent again


def both(house: House, to: str) -> bytes:
    """The two lines that open a commercial purpose for one person."""
    shared = {"to": to, "purpose": MARKETING, "act": "given", "channel": "web_form", "occurred_at": AT}
    consent = shared | {"method": "checkbox", "notice_version_id": house.tenant.notice_version}
    approval = shared | {"kind": "commercial_approval", "iys": IYS}
    return f"{json.dumps(consent)}\n{json.dumps(approval)}\n".encode()


async def verdicts(house: House, *numbers: str) -> list[str | None]:
    body = {"purpose": MARKETING, "recipients": [{"to": to} for to in numbers]}
    answer = await house.client.post("/v1/consents/check", json=body)
    return [one["refusal"] for one in answer.json()["data"]]


async def only_import(house: House) -> dict[str, Any]:
    found: dict[str, Any] = (await house.get("/v1/consent-imports"))["data"][0]
    return found


async def until_rows(house: House, n: int) -> dict[str, Any]:
    """The import, once it has committed that many rows."""
    async with asyncio.timeout(60):
        while True:
            found = (await house.get("/v1/consent-imports"))["data"]
            if found and found[0]["rows"] >= n:
                return dict(found[0])
            await asyncio.sleep(0.02)


async def test_a_stop_in_the_middle_of_an_import_takes_effect_at_once_and_stays(api_only: House) -> None:
    house, stopped = api_only, asyncio.Event()
    passed, to_come, free = phone(1), phone(1_999), phone(2_000)

    async def body() -> AsyncIterator[bytes]:
        for number in range(1_000):
            yield both(house, phone(number))
        await stopped.wait()
        for number in range(1_000, 2_001):
            yield both(house, phone(number))

    importing = asyncio.create_task(house.client.post("/v1/consent-imports", content=body(), headers=NDJSON))
    running = await until_rows(house, 2_000)
    stop = {"people": [{"to": passed}, {"to": to_come}], "scope": "marketing", "channel": "api", "by": "person"}
    answer = await house.client.post("/v1/suppressions", json=stop)
    during = await verdicts(house, passed, to_come, phone(2))
    stopped.set()
    done = await importing

    assert "open" == running["state"]
    assert answer.is_success
    assert ["suppressed", "suppressed", None] == during
    assert (201, 4_002) == (done.status_code, done.json()["rows"])
    assert {"suppressed": 2} == done.json()["reasons"]
    assert ["suppressed", "suppressed", None] == await verdicts(house, passed, to_come, free)


async def test_a_cut_import_keeps_what_it_committed_and_goes_on_when_it_is_sent_again(api_only: House) -> None:
    house, people = api_only, [phone(number) for number in range(1_200)]

    async def half() -> AsyncIterator[bytes]:
        for to in people[:600]:
            yield both(house, to)
        await until_rows(house, 1_000)
        raise ConnectionError("the caller's network is gone")

    with pytest.raises(ConnectionError):
        await house.client.post("/v1/consent-imports", content=half(), headers=NDJSON | {"idempotency-key": "list-1"})
    async with asyncio.timeout(10):
        while (cut := await only_import(house))["state"] == "open":
            await asyncio.sleep(0.05)
    after_cut = await verdicts(house, people[0], people[-1])

    again = await house.client.post(
        "/v1/consent-imports",
        content=b"".join(both(house, to) for to in people),
        headers=NDJSON | {"idempotency-key": "list-1"},
    )

    assert ("aborted", 1_000, 1_000) == (cut["state"], cut["rows"], cut["opened"] + cut["recorded"])
    assert [None, "unknown_person"] == after_cut
    assert (201, 2_400) == (again.status_code, again.json()["rows"])
    assert 0 < again.json()["repeated"] <= 1_000
    assert [None, None] == await verdicts(house, people[0], people[-1])
