"""The frequency cap: counted in the claim, one after the other for one person; and a second telling to compare with."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.dispatch.breaker import Breaker
from app.dispatch.consequences import Refused, draw_consequences
from app.dispatch.flow.lease import Page, TimeLevel, lease
from app.dispatch.held import Hold
from app.kit.clock import utc_now
from app.kit.ids import decode
from app.purposes.contact import ContactRules
from app.runtime import Runtime, open_runtime
from app.senders.hold import hold_line
from app.whatsapp.outcomes import Deferred
from tests.conftest import Servers, TestDatabase
from tests.furnish import made
from tests.house import House, open_house, phone
from tests.sandbox_process import TOKEN, WABA_ID

pytestmark = pytest.mark.anyio

USUAL = ContactRules((), 2, 4)
FAR = utc_now().replace(year=2099)


@dataclass(slots=True)
class Claims:
    """A worker that claims, a business clock, and what the database says."""

    house: House
    run: Runtime
    admin: "asyncpg.Connection[Any]"
    now: datetime = field(default_factory=lambda: utc_now().replace(microsecond=0))
    holds: dict[str, Hold] = field(default_factory=dict)

    async def shows(self, moment: datetime) -> None:
        self.now = moment
        await self.admin.execute("UPDATE toplu.business_clock SET shift = $1 - clock_timestamp()", moment)

    async def hold(self, sender: str) -> Hold:
        if sender not in self.holds:
            tenant, sender_id = self.house.tenant.id, decode("snd", sender)
            async with self.run.db.begin(tenant) as session:
                line = await hold_line(session, tenant, sender_id, "test", lease_s=300)
            assert line is not None
            self.holds[sender] = Hold(tenant, sender_id, "test", line.fence)
        return self.holds[sender]

    async def claim(
        self, batch: UUID, *, sender: str = "", rules: ContactRules = USUAL, expires_at: datetime = FAR, size: int = 500
    ) -> Page:
        hold = await self.hold(sender or self.house.tenant.sender)
        async with self.run.db.begin(hold.tenant) as session:
            level = TimeLevel(self.now, rules)
            named: Any = {"lease_s": 300, "expires_at": expires_at, "time_level": level, "marketing": True}
            return await lease(session, hold, batch, size=size, **named)

    async def send(self, *phones: str, **more: Any) -> UUID:
        return decode("bat", (await self.house.send(*phones, **more))["id"])

    async def send_and_claim(self, *phones: str, **more: Any) -> int:
        return len((await self.claim(await self.send(*phones), **more)).leased)


@asynccontextmanager
async def opened(house: House, database: TestDatabase) -> AsyncIterator[Claims]:
    admin = await asyncpg.connect(database.admin_url)
    async with open_runtime(house.settings, "worker") as run:
        yield Claims(house, run, admin)
    await admin.close()


@pytest.fixture
async def counter(api_only: House, database: TestDatabase) -> AsyncIterator[Claims]:
    await api_only.consent(*[phone(n) for n in range(40)])
    async with opened(api_only, database) as found:
        yield found


async def test_the_third_within_a_week_waits_until_the_first_is_a_week_old(counter: Claims) -> None:
    monday = counter.now + timedelta(days=1)
    await counter.shows(monday)
    first = await counter.send_and_claim(phone(1))
    await counter.shows(monday + timedelta(days=2))
    second = await counter.send_and_claim(phone(1))
    batch = await counter.send(phone(1), phone(2))

    page = await counter.claim(batch)

    one, other = await counter.house.messages((await counter.house.get("/v1/batches"))["data"][0]["id"])
    events = (await counter.house.get(f"/v1/messages/{one['id']}/events"))["data"]
    assert (1, 1, 2, 1) == (first, second, page.seen, len(page.leased))
    assert ("queued", "sending") == (one["state"], other["state"])
    assert ("frequency_cap", 0) == (one["waiting"]["reason"], one["attempts"])
    assert one["why"].startswith("It waits: the person has had as many marketing messages as one may get; at ")
    assert ["queued", "deferred"] == [event["kind"] for event in events]
    until = datetime.fromisoformat(events[1]["until"])
    assert monday + timedelta(days=7) <= until < monday + timedelta(days=7, minutes=1)
    assert 0 == (await counter.claim(batch)).seen  # it is not looked at again before its time
    await counter.shows(monday + timedelta(days=7, minutes=1))
    await counter.admin.execute("UPDATE toplu.dispatch SET due_at = clock_timestamp() WHERE waits_for IS NOT NULL")
    assert 1 == len((await counter.claim(batch)).leased)


async def test_a_sender_that_was_paused_while_a_claim_waited_for_counts_claims_nothing(counter: Claims) -> None:
    await counter.send_and_claim(phone(1))
    batch, sender = await counter.send(phone(1)), f"/v1/senders/{counter.house.tenant.sender}"

    async with asyncio.timeout(20), counter.admin.transaction():
        await counter.admin.execute("SELECT FROM toplu.frequency_counts FOR UPDATE")
        claiming = asyncio.create_task(counter.claim(batch))
        while not await counter.admin.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)
        paused = await counter.house.client.patch(sender, json={"state": "paused"})
    page = await claiming

    assert (200, 0, []) == (paused.status_code, page.seen, page.leased)


@pytest.mark.parametrize("rules", [USUAL, ContactRules((), None, None)], ids=["capped", "not capped"])
async def test_whom_whatsapp_kept_marketing_back_from_gets_none_for_a_day_capped_or_not(
    counter: Claims, rules: ContactRules
) -> None:
    tenant = counter.house.tenant.id
    status, answer, other = (await counter.claim(await counter.send(phone(1), phone(2), phone(3)))).leased
    told = [Refused(status.id, 131049, counter.now), Refused(other.id, 131049, counter.now - timedelta(hours=25))]
    breaker = Breaker(counter.run, tenant, decode("snd", counter.house.tenant.sender))
    batch = await counter.send(phone(1), phone(2), phone(3))

    await draw_consequences(counter.run, tenant, told)
    await breaker.draw(answer, Deferred(131049, 86_400, "recipient", 1), until=0.0)
    await draw_consequences(counter.run, tenant, told)  # the same again, and late: nothing changes
    page = await counter.claim(batch, rules=rules)
    waiting = await counter.house.messages((await counter.house.get("/v1/batches"))["data"][0]["id"])
    await counter.shows(counter.now + timedelta(hours=24, minutes=1))
    await counter.admin.execute("UPDATE toplu.dispatch SET due_at = clock_timestamp() WHERE waits_for IS NOT NULL")

    assert [other.person_id] == [one.person_id for one in page.leased]  # a day is over since
    assert ["engagement_hold"] * 2 == [one["waiting"]["reason"] for one in waiting if one["state"] == "queued"]
    assert waiting[0]["why"].startswith("It waits: WhatsApp wants the person to get no marketing for a day; at ")
    assert 2 == len((await counter.claim(batch, rules=rules)).leased)


async def test_the_fifth_within_a_month_waits_although_the_week_is_free(counter: Claims) -> None:
    for day in (0, 8, 16, 24):
        await counter.shows(utc_now() + timedelta(days=1 + day))
        assert 1 == await counter.send_and_claim(phone(1))

    await counter.shows(utc_now() + timedelta(days=1 + 29))
    fifth = await counter.send_and_claim(phone(1))
    await counter.shows(utc_now() + timedelta(days=1 + 30, minutes=1))
    later = await counter.send_and_claim(phone(1))

    assert (0, 1) == (fifth, later)


async def test_what_would_wait_longer_than_it_lives_expires_and_says_why(counter: Claims) -> None:
    await counter.send_and_claim(phone(1))
    await counter.send_and_claim(phone(1))
    batch = await counter.send(phone(1))

    page = await counter.claim(batch, expires_at=counter.now + timedelta(days=1))

    shown = (await counter.house.get("/v1/batches"))["data"][0]
    (message,) = await counter.house.messages(shown["id"])
    assert (1, 0) == (page.seen, len(page.leased))
    assert ("expired", "expired", "frequency_cap") == (message["state"], message["reason"], message["reason_detail"])
    assert "the person has had as many marketing messages as one may get" in message["why"]
    assert {"expired": 1} == shown["counts"]


async def test_a_message_that_came_back_unposted_does_not_stand_in_its_own_way(counter: Claims) -> None:
    batch = await counter.send(phone(1))
    for _ in range(4):
        assert 1 == len((await counter.claim(batch, rules=ContactRules((), 1, 1))).leased)
        await counter.admin.execute("UPDATE toplu.dispatch SET state = 'queued', due_at = clock_timestamp()")

    counted = await counter.admin.fetchval("SELECT cardinality(message_ids) FROM toplu.frequency_counts")
    assert 1 == counted
    assert 0 == await counter.send_and_claim(phone(1), rules=ContactRules((), 1, 1))


@pytest.mark.covers("A4d")
async def test_two_senders_at_the_same_second_do_not_both_pass_the_cap(
    servers: Servers, database: TestDatabase, tmp_path: Path
) -> None:
    people = [phone(n) for n in range(300)]
    async with open_house(database.url, servers.valkey.url, tmp_path, worker=False, sandbox=False) as house:
        await house.consent(*people)
        second = {
            "name": "İkinci",
            "phone_number_id": "100000000000002",
            "waba_id": WABA_ID,
            "display_phone_number": "+90 850 000 00 01",
            "access_token": TOKEN,
            "messages_per_second": 1000,
        }
        senders = [house.tenant.sender, (await made(house.client, "/v1/senders", second))["id"]]
        async with opened(house, database) as counter:
            # Everybody was written to before, so that what is met is the lock and not the unique key.
            assert 300 == await counter.send_and_claim(*people)
            await counter.shows(counter.now + timedelta(days=31))
            orders = [random.sample(people, len(people)) for _ in senders]
            batches = [await counter.send(*order, sender=sender) for order, sender in zip(orders, senders, strict=True)]
            for sender in senders:
                await counter.hold(sender)

            async def drain(batch: UUID, sender: str) -> int:
                claimed = 0
                while (page := await counter.claim(batch, sender=sender, rules=ContactRules((), 1, 1), size=60)).seen:
                    claimed += len(page.leased)
                return claimed

            claimed = await asyncio.gather(*(drain(*pair) for pair in zip(batches, senders, strict=True)))
            most = await counter.admin.fetchval(
                "SELECT max(n) FROM (SELECT count(*) AS n FROM toplu.dispatch"
                " WHERE state = 'sending' AND batch_id = ANY ($1) GROUP BY person_id) AS p",
                batches,
            )

    assert (300, 1) == (sum(claimed), most)
    assert all(claimed)  # a race that one side always wins shows nothing


@dataclass(slots=True)
class Told:
    """The cap, told a second time: when each message of one person was claimed last."""

    claims: dict[str, datetime] = field(default_factory=dict)

    def free_at(self, message: str, caps: ContactRules, now: datetime) -> datetime:
        free = now
        for most, days in ((caps.per_7_days, 7), (caps.per_30_days, 30)):
            window = timedelta(days=days)
            others = sorted(at for name, at in self.claims.items() if name != message and at + window > now)
            if most is not None and len(others) >= most:
                free = max(free, others[len(others) - most] + window)
        return free


@pytest.mark.parametrize(
    ("caps", "seed"),
    [(USUAL, 1072), (ContactRules((), 1, 3), 6698), (ContactRules((), None, 2), 6563), (ContactRules((), 3, None), 2)],
)
async def test_the_cap_and_its_second_telling_agree(counter: Claims, caps: ContactRules, seed: int) -> None:
    """14 rounds at odd moments: new messages, messages that were put off, messages that came back unposted."""
    dice = random.Random(seed)
    people = {phone(n): Told() for n in range(20)}
    who: dict[str, str] = {}
    decisions = 0
    for _ in range(14):
        await counter.shows(counter.now + timedelta(minutes=dice.randint(1, 9 * 1440)))
        chosen = dice.sample(sorted(people), dice.randint(1, len(people)))
        shown = await counter.house.send(*chosen)
        for message, to in zip(await counter.house.messages(shown["id"]), chosen, strict=True):
            who[str(decode("msg", message["id"]))] = to
        # some of what was claimed comes back, and all that waits is looked at, whatever its time
        await counter.admin.execute(
            "UPDATE toplu.dispatch SET state = 'queued'"
            " WHERE state = 'sending' AND abs(hashtext(id::text || $1)) % 4 = 0",
            str(dice.random()),
        )
        await counter.admin.execute("UPDATE toplu.dispatch SET due_at = clock_timestamp() - interval '1 second'")
        rows = await counter.admin.fetch(
            "SELECT DISTINCT batch_id FROM toplu.dispatch WHERE state = 'queued' ORDER BY 1"
        )
        for row in rows:
            queued = await counter.admin.fetch(
                "SELECT id FROM toplu.dispatch WHERE batch_id = $1 AND state = 'queued'", row["batch_id"]
            )
            before = await counter.admin.fetchval("SELECT clock_timestamp()")
            leased = {str(one.id) for one in (await counter.claim(row["batch_id"], rules=caps)).leased}
            events = await counter.admin.fetch(
                "SELECT DISTINCT ON (message_id) message_id, until FROM toplu.delivery_events WHERE at >= $1"
                " ORDER BY message_id, id DESC",
                before,
            )
            until = {str(event["message_id"]): event["until"] for event in events}
            for message in (str(one["id"]) for one in queued):
                told = people[who[message]]
                free = told.free_at(message, caps, counter.now)
                assert (free == counter.now) == (message in leased)
                if message in leased:
                    told.claims[message] = counter.now
                else:
                    assert abs(until[message] - free) < timedelta(minutes=1)
                decisions += 1

    assert decisions > 100
