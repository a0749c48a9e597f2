"""What is kept about messages is what the webhooks told, and a tool can show it."""

import random
from datetime import timedelta
from uuid import UUID

import pytest

from app.cli.replay_webhooks import show_replayed
from app.inbound.replay import check_webhooks, settle_again
from app.kit.ids import encode
from tests.rooms.inbound.stand import Stand, Tenant, body_of, status
from tests.rooms.inbound.test_settle import statuses, stories

pytestmark = pytest.mark.anyio

NOW = timedelta(0)  # without the minute's patience: nothing is under way in a test
LARGEST = 1_000  # updates in one POST (Meta, "Webhooks", 2026-09)


async def told(stand: Stand) -> tuple[Tenant, list[UUID]]:
    """Sixty messages and three that nobody knows, told twice and in any order, settled."""
    tenant = await stand.tenant()
    ids = await stand.put(tenant, *["sent", "uncertain", "expired"] * 20)
    deck = statuses(ids, stories(60)) * 2 + [status(UUID(int=n), "delivered") for n in range(1, 4)]
    random.Random(9).shuffle(deck)
    await stand.tell(*(body_of(tenant.value(statuses=deck[at : at + 40])) for at in range(0, len(deck), 40)))
    return tenant, ids


async def test_rebuilt_from_the_webhooks_everything_is_equal_and_settling_again_adds_nothing(stand: Stand) -> None:
    tenant, ids = await told(stand)
    await stand.post(
        body_of(tenant.value(statuses=[status(ids[0], "read")]))
    )  # waits in line: nothing is said about it

    checked = await check_webhooks(stand.worker, lag=NOW)
    again = await settle_again(stand.worker)

    assert set() == checked.differences
    assert checked.statuses == again.statuses > 100
    assert (0, 0) == (again.fresh, checked.unreadable)
    assert show_replayed(checked, check=True)[-1].startswith("ok ")


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE outcomes SET state = 'sent', delivered_at = NULL WHERE id = $1", {"state", "delivered_at"}),
        ("UPDATE outcomes SET delivered_at = delivered_at + interval '1 s' WHERE id = $1", {"delivered_at"}),
        ("UPDATE outcomes SET sent_at = now() + interval '1 s' WHERE id = $1", {"sent_at"}),
        ("DELETE FROM delivery_events WHERE message_id = $1 AND dedupe IS NOT NULL", {"status_not_logged"}),
        (
            "INSERT INTO delivery_events (message_id, tenant_id, kind, dedupe)"
            " SELECT id, tenant_id, 'read', gen_random_uuid() FROM outcomes WHERE id = $1",
            {"status_not_told"},
        ),
    ],
)
async def test_whatever_differs_is_named_by_its_message(stand: Stand, change: str, what: set[str]) -> None:
    tenant = await stand.tenant()
    (message,) = await stand.put(tenant, "uncertain")
    await stand.tell(body_of(tenant.value(statuses=[status(message, "sent"), status(message, "delivered")])))
    async with stand.admin.transaction():
        await stand.admin.execute("SET LOCAL session_replication_role = replica")
        await stand.admin.execute(change, message)

    checked = await check_webhooks(stand.worker, lag=NOW)

    found = {(encode("msg", of), name) for of, name in checked.differences if of == message}
    assert {(encode("msg", message), name) for name in what} == found
    assert any(encode("msg", message) in line for line in show_replayed(checked, check=True))
    async with stand.admin.transaction():  # the module's other tests compare everything
        await stand.admin.execute("SET LOCAL session_replication_role = replica")
        await stand.admin.execute("DELETE FROM delivery_events WHERE message_id = $1", message)
        await stand.admin.execute(
            "DELETE FROM webhook_raw WHERE received_at = (SELECT max(received_at) FROM webhook_raw)"
        )
        await stand.admin.execute("DELETE FROM outcomes WHERE id = $1", message)


async def test_a_message_that_goes_on_while_we_look_is_no_difference(stand: Stand) -> None:
    tenant = await stand.tenant()
    (message,) = await stand.put(tenant, "sent")
    await stand.tell(body_of(tenant.value(statuses=[status(message, "delivered")])))
    async with stand.admin.transaction():
        await stand.admin.execute("SET LOCAL session_replication_role = replica")
        await stand.admin.execute("UPDATE webhook_raw SET received_at = received_at - interval '2 minutes'")
        await stand.admin.execute("UPDATE delivery_events SET at = at - interval '2 minutes'")
    await stand.tell(body_of(tenant.value(statuses=[status(message, "read")])))

    checked = await check_webhooks(stand.worker)

    assert not [what for of, what in checked.differences if of == message]


async def test_a_status_that_is_not_parked_is_named(stand: Stand) -> None:
    tenant = await stand.tenant()
    await stand.tell(body_of(tenant.value(statuses=[status(UUID(int=77), "read")])))
    await stand.admin.execute("DELETE FROM parked_statuses WHERE message_id = $1", UUID(int=77))

    checked = await check_webhooks(stand.worker, lag=NOW)
    await settle_again(stand.worker)
    mended = await check_webhooks(stand.worker, lag=NOW)

    assert (UUID(int=77), "status_not_parked") in checked.differences
    assert (UUID(int=77), "status_not_parked") not in mended.differences


@pytest.mark.parametrize("count", [LARGEST, LARGEST + 1])
async def test_a_thousand_updates_come_in_one_body(stand: Stand, count: int) -> None:
    tenant = await stand.tenant()
    ids = await stand.put(tenant, *["sent"] * count)

    await stand.tell(body_of(tenant.value(statuses=[status(one, "delivered") for one in ids])))

    assert {"delivered"} == set(await stand.states(ids))
