"""Who is halted by what, for how long, and how a halt ends; and what a refusal means that comes as a status."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from app.consents.suppress import MARKETING, lift
from app.dispatch.breaker import Breaker
from app.dispatch.consequences import Refused, draw_consequences
from app.dispatch.lines import Lines
from app.dispatch.pacing.lanes import LANES
from app.dispatch.queries import DueBatch, due_batches
from app.kit.clock import uptime_s, utc_now
from app.kit.ids import decode
from app.runtime import Runtime
from app.senders.hold import hold_line
from app.whatsapp.outcomes import Accepted, Deferred, Halted, NotSent, Outcome, Uncertain
from tests.conftest import TestDatabase
from tests.furnish import made
from tests.house import House, phone

pytestmark = pytest.mark.anyio

PERSON = text("SELECT person_id FROM messages WHERE id = :id")
numbers = iter(range(100000000000100, 100000000000900))
accounts = iter(range(200000000000100, 200000000000900))


async def sender_of(shop: House, account: int, token: str) -> str:
    """One more sender."""
    body = {"name": "Dükkân", "phone_number_id": str(next(numbers)), "waba_id": str(account)}
    body |= {"display_phone_number": "+90 850 000 00 00", "access_token": token}
    return str((await made(shop.client, "/v1/senders", body))["id"])


async def breaker_of(shop: House, worker: Runtime, sender: str) -> Breaker:
    """A drainer's breaker, as it is when the line was just taken."""
    found = Breaker(worker, shop.tenant.id, decode("snd", sender))
    async with worker.db.begin(shop.tenant.id) as session:
        line = await hold_line(session, shop.tenant.id, found.sender, "test", lease_s=60)
    assert line is not None
    found.found(line)
    return found


async def heed(breaker: Breaker, batch: DueBatch, outcome: Outcome, *, took_s: float = 0.0) -> None:
    """The breaker hears this answer to a message that was claimed just now."""
    await breaker.heed(batch, outcome, claimed_at=uptime_s(), posted_at=time.monotonic() - took_s)


async def batch_of(shop: House, worker: Runtime, sender: str = "", to: str = phone(1)) -> DueBatch:
    """A running batch of one message of that sender."""
    await shop.consent(to)
    made_now = await shop.send(to, **({"sender": sender} if sender else {}))
    async with worker.db.begin(shop.tenant.id) as session:
        due = await due_batches(session, shop.tenant.id, decode("snd", made_now["sender"]), after=dict.fromkeys(LANES))
    return next(one for one in due if one.id == decode("bat", made_now["id"]))


async def halts(shop: House, *senders: str) -> list[tuple[str, int | None] | None]:
    """What halts each of these senders, as the API shows it."""
    shown = [(await shop.get(f"/v1/senders/{sender}")).get("halted") for sender in senders]
    return [halt and (halt["scope"], halt["code"]) for halt in shown]


async def seconds(shop: House, sender: str) -> float:
    """How long the halt is."""
    halt = (await shop.get(f"/v1/senders/{sender}"))["halted"]
    since, until = (utc_now().fromisoformat(halt[name]) for name in ("since", "until"))
    return round((until - since).total_seconds())


async def let_it_end(admin_url: str) -> None:
    """As if the time of every halt were over, and nobody held a halted line."""
    connection = await asyncpg.connect(admin_url)
    over = "UPDATE toplu.sender_lines SET halted_until = now(), lease_until = now() WHERE halted_scope IS NOT NULL"
    await connection.execute(over)
    await connection.close()


@pytest.mark.parametrize(
    ("code", "scope", "same_account", "same_token"),
    [
        (131048, "sender", False, False),
        (131031, "account", True, False),
        (190, "credentials", False, True),
    ],
)
async def test_a_refusal_halts_whoever_would_meet_the_same(
    shop: House, worker: Runtime, code: int, scope: Any, same_account: bool, same_token: bool
) -> None:
    account, token = next(accounts), f"EAAG-{code}-own-9f3k"
    first = await sender_of(shop, account, token)
    of_account = await sender_of(shop, account, f"EAAG-{code}-other-9f3k")  # ends alike, and is another token
    of_token = await sender_of(shop, next(accounts), token)
    stranger = await sender_of(shop, next(accounts), "EAAG-stranger-0000")
    breaker = await breaker_of(shop, worker, first)
    batch = await batch_of(shop, worker, first)

    await heed(breaker, batch, Halted(code, scope))
    found = await halts(shop, first, of_account, of_token, stranger)
    resumed = await shop.client.post(f"/v1/senders/{first}/resume")
    after = await halts(shop, first, of_account, of_token, stranger)

    halt = (scope, code)
    assert [halt, halt if same_account else None, halt if same_token else None, None] == found
    assert 200 == resumed.status_code
    assert [None] * 4 == after


async def test_a_new_token_is_not_halted_for_what_the_old_one_met(shop: House, worker: Runtime) -> None:
    sender = await sender_of(shop, next(accounts), "EAAG-old-7777")
    batch = await batch_of(shop, worker, sender)  # read with the old token
    breaker = await breaker_of(shop, worker, sender)

    changed = await shop.client.patch(f"/v1/senders/{sender}", json={"access_token": "EAAG-new-7777"})
    await heed(breaker, batch, Halted(190, "credentials"))

    assert 200 == changed.status_code
    assert ([None], True) == (await halts(shop, sender), breaker.open)  # this drainer ends; the next has the new one


@pytest.mark.parametrize(
    ("outcome", "ends"),
    [
        (Accepted("wamid.x", None, held=False), True),
        (Deferred(131056, 6, "recipient", 5), True),
        (Halted(132001, "template"), False),
        (Uncertain("read_timeout"), False),
        (NotSent("connect_failed"), False),
        (Halted(131048, "sender"), False),
    ],
    ids=["taken", "refused for one person", "its template refused", "no answer", "no connection", "refused again"],
)
async def test_one_message_ends_a_halt_or_renews_it(
    shop: House, worker: Runtime, module_database: TestDatabase, outcome: Outcome, ends: bool
) -> None:
    sender = await sender_of(shop, next(accounts), "EAAG-half-open-1111")
    batch = await batch_of(shop, worker, sender)
    await heed(await breaker_of(shop, worker, sender), batch, Halted(33, "sender"))
    closed = await breaker_of(shop, worker, sender)
    await let_it_end(module_database.admin_url)
    breaker = await breaker_of(shop, worker, sender)
    trying = breaker.half_open

    await heed(breaker, batch, outcome)
    (halt,) = await halts(shop, sender)

    assert (True, True) == (closed.open, trying)
    assert ends == (halt is None) == (not breaker.half_open)


async def test_a_halt_that_comes_again_lasts_twice_as_long_up_to_an_hour(
    shop: House, worker: Runtime, module_database: TestDatabase
) -> None:
    sender = await sender_of(shop, next(accounts), "EAAG-again-2222")
    batch = await batch_of(shop, worker, sender)
    lasted = []

    for _ in range(8):
        await heed(await breaker_of(shop, worker, sender), batch, Halted(33, "sender"))
        lasted.append(await seconds(shop, sender))
        await let_it_end(module_database.admin_url)

    assert [60, 120, 240, 480, 960, 1920, 3600, 3600] == lasted


async def test_a_status_halts_only_while_it_is_news(shop: House, worker: Runtime) -> None:
    sender = await sender_of(shop, next(accounts), "EAAG-status-4444")
    batch = await batch_of(shop, worker, sender)
    (message,) = await shop.messages((await shop.get("/v1/batches"))["data"][0]["id"])
    id_ = decode("msg", message["id"])

    await draw_consequences(worker, shop.tenant.id, [Refused(id_, 131042, utc_now() - timedelta(minutes=11))])
    old = await halts(shop, sender)
    await draw_consequences(worker, shop.tenant.id, [Refused(id_, 131042, utc_now())])
    new = await halts(shop, sender)

    assert batch.id
    assert ([None], [("account", 131042)]) == (old, new)


async def test_a_stop_told_by_a_code_is_written_once_and_a_later_resume_holds(
    shop: House, worker: Runtime, module_database: TestDatabase
) -> None:
    await batch_of(shop, worker, to=phone(77))
    (message,) = await shop.messages((await shop.get("/v1/batches"))["data"][0]["id"])
    told = [Refused(decode("msg", message["id"]), 131050, utc_now() - timedelta(minutes=1))]

    await draw_consequences(worker, shop.tenant.id, told)
    again = await shop.send(phone(77))
    async with worker.db.begin(shop.tenant.id) as session:
        people = (await session.execute(PERSON, {"id": told[0].message})).scalars()
        how: Any = {"lifted_by": "platform", "channel": "whatsapp", "occurred_at": utc_now()}
        await lift(session, shop.tenant.id, list(people), MARKETING, **how)
    await draw_consequences(worker, shop.tenant.id, told)
    connection = await asyncpg.connect(module_database.admin_url)
    raised = await connection.fetchval("SELECT count(*) FROM toplu.consent_events WHERE act = 'raised'")
    await connection.close()
    later = await shop.send(phone(77))

    assert 1 == raised
    assert ({"suppressed": 1}, {}) == (again["refusals"], later["refusals"])


async def test_a_template_that_is_paused_for_a_time_waits_by_itself_and_one_for_good_waits_for_a_person(
    shop: House, worker: Runtime
) -> None:
    sender = await sender_of(shop, next(accounts), "EAAG-template-5555")
    batch = await batch_of(shop, worker, sender)
    shown = f"/v1/batches/{(await shop.get('/v1/batches'))['data'][0]['id']}"

    await heed(await breaker_of(shop, worker, sender), batch, Halted(132015, "template"))
    for_a_time = await shop.get(shown)
    await heed(await breaker_of(shop, worker, sender), batch, Halted(132016, "template"))
    for_good = await shop.get(shown)

    assert ("running", "template_paused") == (for_a_time["state"], for_a_time["waiting"]["reason"])
    assert ("paused", "template_refused_132016") == (for_good["state"], for_good["state_reason"])


async def test_a_template_that_is_refused_again_after_its_wait_is_stopped_again(
    shop: House, worker: Runtime, module_database: TestDatabase
) -> None:
    """By the same drainer: a line that is never empty keeps its own for days."""
    sender = await sender_of(shop, next(accounts), "EAAG-again-7777")
    batch = await batch_of(shop, worker, sender)
    breaker = await breaker_of(shop, worker, sender)
    begun, posted_at = uptime_s(), time.monotonic()
    connection = await asyncpg.connect(module_database.admin_url)
    waits = "SELECT count(*) FROM toplu.batch_waits WHERE batch_id = $1"

    await heed(breaker, batch, Halted(132015, "template"))
    await breaker.heed(batch, Halted(132015, "template"), claimed_at=begun, posted_at=posted_at)
    first = await connection.fetchval(waits, batch.id)
    await connection.execute("UPDATE toplu.batches SET waits_until = NULL, waits_for = NULL WHERE id = $1", batch.id)
    await heed(breaker, batch, Halted(132015, "template"))
    second = await connection.fetchval(waits, batch.id)
    await connection.close()

    assert (1, 2) == (first, second)


async def test_while_a_halt_is_half_open_one_message_tries_and_not_a_page(
    shop: House, worker: Runtime, module_database: TestDatabase
) -> None:
    """Nobody listens where this shop posts, so the one that tries halts the line again."""
    sender = await sender_of(shop, next(accounts), "EAAG-one-tries-6666")
    await heed(await breaker_of(shop, worker, sender), await batch_of(shop, worker, sender), Halted(33, "sender"))
    await shop.consent(*[phone(n) for n in range(10)])
    behind = await shop.send(*[phone(n) for n in range(10)], sender=sender)
    await let_it_end(module_database.admin_url)

    lines = Lines(worker)
    lines.wake(decode("snd", sender), shop.tenant.id)
    while lines._drains:
        await asyncio.sleep(0.02)
    await lines.stop()
    connection = await asyncpg.connect(module_database.admin_url)
    claims = "SELECT sum(claims) FROM toplu.dispatch WHERE sender_id = $1"
    claimed = await connection.fetchval(claims, decode("snd", sender))
    await connection.close()

    assert 1 == claimed
    assert [("no_answers", None)] == await halts(shop, sender)
    assert {"queued": 10} == (await shop.get(f"/v1/batches/{behind['id']}"))["counts"]
