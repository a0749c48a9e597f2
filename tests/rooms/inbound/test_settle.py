"""Reading what was kept: duplicates, any order, replays and crashes end in the same rows; nothing holds up others."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.dispatch.held import wamid_hash
from app.inbound.take import take_pending
from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.tenants.keys import get_tenant_keys
from tests.rooms.inbound.stand import Stand, Tenant, a_phone, body_of, said, second, status

pytestmark = pytest.mark.anyio

KINDS = ("sent", "delivered", "read", "failed", "failed", "played")
NOW = utc_now()


def stories(count: int) -> list[list[tuple[str, timedelta]]]:
    """What Meta tells about each message: any of the statuses, each at its own time, some of them failed as well."""
    dice = random.Random(7)
    return [
        [(kind, timedelta(seconds=dice.randrange(1, 500))) for kind in dice.sample(KINDS, dice.randrange(1, 5))]
        for _ in range(count)
    ]


def statuses(ids: list[UUID], told: list[list[tuple[str, timedelta]]]) -> list[dict[str, Any]]:
    """One status each, in the order in which Meta should tell them."""
    return [
        status(id_, kind, NOW - timedelta(hours=1) + after, **failure(kind, after))
        for id_, story in zip(ids, told, strict=True)
        for kind, after in sorted(story, key=lambda one: one[1])
    ]


def failure(kind: str, after: timedelta = timedelta(seconds=1)) -> dict[str, Any]:
    code = 131049 if after.seconds % 2 else 130472
    return {"errors": [{"code": code, "title": "not delivered"}]} if kind == "failed" else {}


async def final_rows(stand: Stand, tenant: Tenant, ids: list[UUID]) -> list[tuple[object, ...]]:
    """Everything that settling writes about these messages, in their order, without ids and our own clock.

    Of WhatsApp's message id: whether it is known, and whether it is the message's own.
    """
    async with stand.worker.db.begin(tenant.id) as session:
        keys = await get_tenant_keys(stand.worker, session, tenant.id)
    outcomes = await stand.rows(
        "SELECT o.state, o.reason, o.wamid_hash = w.wamid AS its_own,"
        "  o.sent_at, o.delivered_at, o.read_at, o.failed_at, o.meta_code,"
        "  ARRAY(SELECT (e.kind, e.provider_at, e.meta_code)::text FROM delivery_events AS e"
        "         WHERE e.message_id = o.id ORDER BY 1) AS events"
        "  FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS w (id, wamid, n) JOIN outcomes AS o USING (id)"
        " ORDER BY w.n",
        ids,
        [wamid_hash(keys, f"wamid.{id_}") for id_ in ids],
    )
    counts = await stand.rows(
        "SELECT state, sum(n) FROM batch_counts WHERE batch_id = (SELECT batch_id FROM outcomes WHERE id = $1)"
        " GROUP BY state HAVING sum(n) <> 0 ORDER BY state",
        ids[0],
    )
    return [*outcomes, *counts]


async def test_three_times_in_any_order_and_replayed_ends_in_the_same_rows(stand: Stand) -> None:
    began, tenant, told = new_id(), await stand.tenant(), stories(60)
    straight = await stand.put(tenant, *["sent", "uncertain"] * 30)
    tangled = await stand.put(tenant, *["sent", "uncertain"] * 30)
    await stand.tell(body_of(tenant.value(statuses=statuses(straight, told))))
    expected = await final_rows(stand, tenant, straight)
    assert {True} == {its_own for _state, _reason, its_own, *_ in expected[:60]}

    deck = statuses(tangled, told) * 3
    random.Random(8).shuffle(deck)
    for start in range(0, len(deck), 7):
        await stand.post(body_of(*(tenant.value(statuses=[one]) for one in deck[start : start + 7])))
        if start % 21 == 0:
            await stand.settle()
    await stand.settle()
    assert expected == await final_rows(stand, tenant, tangled)

    await stand.admin.execute(
        "INSERT INTO webhook_queue (raw_id) SELECT id FROM webhook_raw WHERE id > $1 ORDER BY random()", began
    )
    await stand.settle()
    assert expected == await final_rows(stand, tenant, tangled)
    assert expected == await final_rows(stand, tenant, straight)
    assert 0 == await stand.queued()


async def test_each_status_climbs_and_never_descends(stand: Stand) -> None:
    tenant = await stand.tenant()
    ids = await stand.put(tenant, *["sent"] * 5)
    read, played, delivered, failed, both = ids

    await stand.tell(
        body_of(tenant.value(statuses=[status(read, "read"), status(played, "played"), status(both, "failed")])),
        body_of(tenant.value(statuses=[status(read, "delivered"), status(delivered, "delivered")])),
        body_of(tenant.value(statuses=[status(failed, "failed"), status(failed, "sent"), status(both, "delivered")])),
    )

    assert ["read", "read", "delivered", "failed", "delivered"] == await stand.states(ids)


async def test_a_crash_between_taking_and_giving_back_costs_nothing_but_time(stand: Stand) -> None:
    tenant = await stand.tenant()
    ids = await stand.put(tenant, "sent")
    await stand.post(body_of(tenant.value(statuses=[status(ids[0], "delivered")])))

    taken = await take_pending(stand.worker, 200)  # and then the process dies
    assert (1, 0) == (len(taken), await stand.settle())
    await stand.due_again()

    assert 1 == await stand.settle()
    assert ["delivered"] == await stand.states(ids)


async def test_work_that_was_done_before_the_crash_is_not_done_again(stand: Stand) -> None:
    began, tenant, phone = new_id(), await stand.tenant(), a_phone()
    ids = await stand.put(tenant, "sent")
    body = body_of(tenant.value(statuses=[status(ids[0], "read")]), tenant.value(messages=[said(phone, "DUR")]))
    await stand.tell(body)
    person = await stand.person(tenant, phone)
    assert person is not None
    before = (await final_rows(stand, tenant, ids), await stand.ledger(person))

    await stand.admin.execute(
        "INSERT INTO webhook_queue (raw_id, tries) SELECT id, 1 FROM webhook_raw WHERE id > $1", began
    )
    await stand.settle()

    assert before == (await final_rows(stand, tenant, ids), await stand.ledger(person))
    assert 1 == len(stand.confirmations())


async def test_two_workers_share_the_queue_and_none_waits(stand: Stand) -> None:
    tenant = await stand.tenant()
    for _ in range(10):
        await stand.post(body_of(tenant.value(statuses=[])))

    first, second_ = await take_pending(stand.worker, 6), await take_pending(stand.worker, 6)

    assert (6, 4) == (len(first), len(second_))
    assert not {one.id for one in first} & {one.id for one in second_}


async def test_a_page_is_bounded_in_bytes_and_one_large_body_comes_alone(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.inbound.take.PAGE_BYTES", 10_000)
    for size in (20_000, 4_000, 4_000, 4_000):
        await stand.post(body_of({"padding": "x" * size}))

    pages = [len(await take_pending(stand.worker, 200)) for _ in range(3)]

    assert [1, 3, 0] == pages


async def test_a_stop_is_read_before_the_statuses_that_came_earlier(stand: Stand) -> None:
    tenant = await stand.tenant()
    for _ in range(5):
        await stand.post(body_of(tenant.value(statuses=[status(uuid4(), "read")])))
    await stand.post(body_of(tenant.value(messages=[said(a_phone(), "STOP")])))
    latest = (await stand.rows("SELECT raw_id FROM webhook_queue ORDER BY raw_id DESC LIMIT 1"))[0][0]

    taken = await take_pending(stand.worker, 200)

    assert (6, UUID(str(latest))) == (len(taken), taken[0].id)


async def test_one_body_about_two_tenants_reaches_each_with_its_own(stand: Stand) -> None:
    one, two = await stand.tenant(), await stand.tenant()
    (mine,), (theirs,) = await stand.put(one, "sent"), await stand.put(two, "sent")

    await stand.tell(
        body_of(
            one.value(statuses=[status(mine, "read")]),
            two.value(statuses=[status(theirs, "delivered")]),
        )
    )

    assert ["read", "delivered"] == await stand.states([mine, theirs])


async def test_a_number_cannot_speak_about_another_tenants_message(stand: Stand) -> None:
    one, two = await stand.tenant(), await stand.tenant()
    (theirs,) = await stand.put(two, "sent")

    await stand.tell(body_of(one.value(statuses=[status(theirs, "failed", **failure("failed"))])))

    assert ["sent"] == await stand.states([theirs])
    assert [(one.id,)] == await stand.rows("SELECT tenant_id FROM parked_statuses WHERE message_id = $1", theirs)


async def test_a_tenant_that_fails_holds_up_nobody_and_is_tried_again_later(stand: Stand) -> None:
    well, ill = await stand.tenant(), await stand.tenant()
    (message,) = await stand.put(well, "sent")
    phone = a_phone()
    await stand.admin.execute("UPDATE tenant_keys SET wrapped_data_key = 'x' WHERE tenant_id = $1", ill.id)
    stand.worker.tenant_keys.clear()
    shared = body_of(ill.value(messages=[said(phone, "DUR")]), well.value(statuses=[status(message, "read")]))

    await stand.tell(shared, body_of(well.value(statuses=[])))

    assert ["read"] == await stand.states([message])
    waiting = await stand.rows("SELECT tries, due_at > clock_timestamp() + interval '1 s' FROM webhook_queue")
    assert [(1, True)] == waiting
    await stand.due_again()
    await stand.settle()
    waiting = await stand.rows("SELECT tries, due_at > clock_timestamp() + interval '3 s' FROM webhook_queue")
    assert [(2, True)] == waiting


async def test_a_body_that_cannot_be_settled_is_tried_alone_the_second_time(stand: Stand) -> None:
    tenant = await stand.tenant()
    (message,) = await stand.put(tenant, "sent")
    far = 253_402_300_800_000  # a time that no column holds would be a fault of ours; here the row is made to fail
    await stand.admin.execute(
        "CREATE FUNCTION fail_here() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'no'; END $$;"
        "CREATE TRIGGER fail_here BEFORE INSERT ON parked_statuses FOR EACH ROW EXECUTE FUNCTION fail_here()"
    )
    poison = status(uuid4(), "read") | {"id": "wamid.poison", "timestamp": str(far)}

    await stand.tell(
        body_of(tenant.value(statuses=[poison])), body_of(tenant.value(statuses=[status(message, "read")]))
    )
    together = (await stand.states([message]), await stand.queued())
    await stand.due_again()
    await stand.settle()
    alone = (await stand.states([message]), await stand.queued())
    await stand.admin.execute("DROP FUNCTION fail_here() CASCADE")

    assert ((["sent"], 2), (["read"], 1)) == (together, alone)


async def test_a_status_that_overtook_its_message_is_parked(stand: Stand) -> None:
    tenant, message = await stand.tenant(), uuid4()

    await stand.tell(body_of(tenant.value(statuses=[status(message, "delivered", NOW)])))

    parked = await stand.rows("SELECT kind, provider_at FROM parked_statuses WHERE message_id = $1", message)
    assert [("delivered", second(NOW))] == parked
