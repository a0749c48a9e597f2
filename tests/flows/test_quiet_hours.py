"""Quiet hours, the whole way: a batch waits as one, goes on by itself, and says so."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from app.kit.clock import utc_now
from tests.conftest import Servers, TestDatabase
from tests.furnish import UTILITY
from tests.house import House, open_house, phone

pytestmark = pytest.mark.anyio

ISTANBUL = ZoneInfo("Europe/Istanbul")
# The next whole day, so that no test runs into midnight: times of the business clock are told on it.
TOMORROW = utc_now().astimezone(ISTANBUL).date() + timedelta(days=1)


def at(clock: str, days: int = 0) -> datetime:
    """That time of day in Istanbul, tomorrow or some days later."""
    return datetime.combine(TOMORROW + timedelta(days=days), time.fromisoformat(clock), ISTANBUL)


class Clock:
    """The business clock of one test database."""

    def __init__(self, connection: "asyncpg.Connection[Any]") -> None:
        self.connection = connection

    async def shows(self, moment: datetime) -> None:
        """Set it; it goes on from there."""
        statement = "UPDATE toplu.business_clock SET shift = $1 - clock_timestamp()"
        await self.connection.execute(statement, moment)


@pytest.fixture
async def clock(database: TestDatabase) -> AsyncIterator[Clock]:
    connection = await asyncpg.connect(database.admin_url)
    yield Clock(connection)
    await connection.close()


@pytest.fixture
async def shop(servers: Servers, database: TestDatabase, tmp_path: Path) -> AsyncIterator[House]:
    """The whole product with the usual quiet hours."""
    async with open_house(database.url, servers.valkey.url, tmp_path, quiet_hours="21:00-09:00") as opened:
        yield opened


def waits(body: dict[str, Any]) -> bool:
    return "waiting" in body


async def test_a_batch_waits_as_a_whole_and_goes_on_when_the_hours_are_over(shop: House, clock: Clock) -> None:
    phones = [phone(n) for n in range(30)]
    await shop.consent(*phones)
    await clock.shows(at("22:00"))

    batch = await shop.send(*phones)
    waiting = await shop.until(batch["id"], waits)
    await asyncio.sleep(0.5)  # several looks of the worker
    message = (await shop.messages(batch["id"]))[0]
    still = await shop.get(f"/v1/batches/{batch['id']}")
    written = await clock.connection.fetchrow(
        "SELECT (SELECT count(*) FROM toplu.batch_waits), (SELECT count(*) FROM toplu.delivery_events),"
        " (SELECT sum(claims) FROM toplu.dispatch), (SELECT count(DISTINCT xmin::text) FROM toplu.dispatch)"
    )
    await clock.shows(at("09:00", days=1) + timedelta(seconds=1))
    settled = await shop.until_settled(batch["id"])

    until = at("09:00", days=1).astimezone(ZoneInfo("UTC")).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert ("running", {"reason": "quiet_hours", "until": until}) == (waiting["state"], waiting["waiting"])
    assert {"queued": 30} == still["counts"]
    assert (1, 0, 0, 1) == tuple(written or ())  # one line for all; no message was touched
    assert ({"reason": "quiet_hours", "until": until}, 0) == (message["waiting"], message["attempts"])
    assert f"It waits: these are quiet hours; at {until} it is decided on again." == message["why"]
    assert 30 == sum(settled["counts"].values()) == len(set(shop.accepted()))
    assert "waiting" not in settled
    events = (await shop.get(f"/v1/messages/{message['id']}/events"))["data"]
    assert ["queued", "deferred", "sending"] == [event["kind"] for event in events[:3]]
    assert ("quiet_hours", until) == (events[1]["reason"], events[1]["until"])


async def test_what_serves_is_sent_at_any_hour(shop: House, clock: Clock) -> None:
    await clock.shows(at("03:00"))

    batch = await shop.send(
        template={"name": "order_update", "language": "tr"},
        purpose=UTILITY,
        recipients=[{"to": phone(1), "variables": {"1": "1042"}, "basis_ref": "1042"}],
    )
    settled = await shop.until_settled(batch["id"])

    assert [1] == list(settled["counts"].values())


async def test_a_batch_that_is_over_before_the_hours_are_says_what_it_waited_for(shop: House, clock: Clock) -> None:
    await shop.consent(phone(1))
    await clock.shows(at("22:00"))
    batch = await shop.send(phone(1), expires_at=at("23:00").isoformat())
    await shop.until(batch["id"], waits)

    await clock.shows(at("23:01"))
    await shop.until(batch["id"], lambda body: body["state"] == "completed")

    (message,) = await shop.messages(batch["id"])
    assert ("expired", "expired", "quiet_hours") == (message["state"], message["reason"], message["reason_detail"])
    assert "It was never attempted: these are quiet hours, and its time was over before that ended." == message["why"]
    assert [] == shop.accepted()


async def test_hours_that_begin_meanwhile_hold_from_the_next_page_on(shop: House, clock: Clock) -> None:
    """A tenant tightens its hours while a slow batch runs; what is claimed leaves, what is not waits."""
    phones = [phone(n) for n in range(60)]
    await shop.consent(*phones)
    await shop.client.patch(f"/v1/senders/{shop.tenant.sender}", json={"messages_per_second": 20})
    await clock.shows(at("12:00"))
    batch = await shop.send(*phones)
    await shop.until(batch["id"], lambda body: body["counts"].get("queued", 0) < 55)

    tightened = await shop.client.put("/v1/contact-rules", json={"quiet_from": "11:30", "quiet_until": "11:00"})
    stopped = await shop.until(batch["id"], lambda body: waits(body) and "sending" not in body["counts"])
    await shop.client.put("/v1/contact-rules", json={})
    await shop.client.post(f"/v1/batches/{batch['id']}/pause")
    await shop.client.post(f"/v1/batches/{batch['id']}/resume")
    settled = await shop.until_settled(batch["id"])

    assert 200 == tightened.status_code, tightened.text
    assert 0 < stopped["counts"]["queued"] < 60
    assert at("11:00", days=1) == datetime.fromisoformat(stopped["waiting"]["until"])
    assert 60 == len(shop.accepted()) == len(set(shop.accepted())) == sum(settled["counts"].values())
