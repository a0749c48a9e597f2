"""Whose turn it is on a line: batches of a lane alternate, and what is due is asked again soon."""

from uuid import UUID

import pytest

from app.dispatch import agenda, queries
from app.dispatch.agenda import Agenda
from app.kit.ids import decode
from app.runtime import Runtime
from tests.furnish import made
from tests.house import House, phone

pytestmark = pytest.mark.anyio

numbers = iter(range(100000000000100, 100000000000900))


async def three(shop: House, worker: Runtime) -> tuple[Agenda, list[UUID]]:
    """The agenda of a sender with three running batches, and their ids, oldest first."""
    body = {"name": "Dükkân", "phone_number_id": str(next(numbers)), "waba_id": "200000000000100"}
    body |= {"display_phone_number": "+90 850 000 00 00", "access_token": "agenda-token"}
    sender = str((await made(shop.client, "/v1/senders", body))["id"])
    await shop.consent(phone(1))
    sent = [(await shop.send(phone(1), sender=sender))["id"] for _ in range(3)]
    return Agenda(worker, shop.tenant.id, decode("snd", sender)), [decode("bat", one) for one in sent]


async def serve(on: Agenda, *, more: bool = True) -> UUID:
    """The next batch has its turn."""
    batch = (await on.look())["marketing"][0]
    on.served("marketing", batch, more=more)
    return batch.id


@pytest.mark.parametrize("believed_s", [0.0, 60.0], ids=["asked each time", "asked once"])
async def test_batches_of_a_lane_take_turns(
    shop: House, worker: Runtime, monkeypatch: pytest.MonkeyPatch, believed_s: float
) -> None:
    monkeypatch.setattr(agenda, "LOOK_AGAIN_S", believed_s)
    on, batches = await three(shop, worker)

    assert batches * 2 == [await serve(on) for _ in range(6)]


async def test_they_take_turns_also_where_a_look_serves_two(
    shop: House, worker: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "LOOK_AGAIN_S", 60.0)
    on, batches = await three(shop, worker)
    served = []
    for _ in range(3):
        served += [await serve(on), await serve(on)]
        on._look_again_at = 0.0

    assert batches * 2 == served


async def test_those_behind_the_first_that_are_looked_at_have_their_turn_too(
    shop: House, worker: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the first stay due and give nothing, as when the database refuses their page."""
    for room in (agenda, queries):
        monkeypatch.setattr(room, "DUE_AT_ONCE", 2)
    on, batches = await three(shop, worker)

    assert batches * 2 == [await serve(on, more=False) for _ in range(6)]


async def test_a_batch_that_had_less_than_was_asked_for_is_gone_until_the_next_look(
    shop: House, worker: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "LOOK_AGAIN_S", 60.0)
    on, (first, second, third) = await three(shop, worker)

    assert first == await serve(on, more=False)
    assert [second, third, second, third] == [await serve(on) for _ in range(4)]
    assert [second, third] == [await serve(on, more=False) for _ in range(2)]
    assert first == await serve(on)  # nothing was left, so it was asked again


async def test_a_batch_that_was_paused_is_gone_after_the_next_look(
    shop: House, worker: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agenda, "LOOK_AGAIN_S", 0.0)
    on, (first, second, third) = await three(shop, worker)
    batches = (await shop.get("/v1/batches"))["data"]
    shown = next(one["id"] for one in batches if decode("bat", one["id"]) == second)

    assert first == await serve(on)
    (await shop.client.post(f"/v1/batches/{shown}/pause")).raise_for_status()

    assert [third, first, third] == [await serve(on) for _ in range(3)]
