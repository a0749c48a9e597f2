"""When a line that nobody answers falls silent, and when not yet."""

import pytest

from app.dispatch.breaker import MOST_SILENT, SILENT_FOR_S
from app.runtime import Runtime
from app.whatsapp.outcomes import Accepted, NotSent, Uncertain
from tests.house import House
from tests.rooms.dispatch.test_halts import accounts, batch_of, breaker_of, halts, heed, sender_of

pytestmark = pytest.mark.anyio


async def test_silence_halts_after_so_many_posts_and_one_answer_begins_the_count_anew(
    shop: House, worker: Runtime
) -> None:
    sender = await sender_of(shop, next(accounts), "EAAG-silent-3333")
    batch = await batch_of(shop, worker, sender)
    breaker = await breaker_of(shop, worker, sender)

    for outcome in [Uncertain("deadline")] * (MOST_SILENT - 1) + [Accepted(None, None, held=False)]:
        await heed(breaker, batch, outcome)
    before = breaker.open
    for _ in range(MOST_SILENT):
        await heed(breaker, batch, Uncertain("connection_lost"))

    assert (False, True) == (before, breaker.open)
    assert [("no_answers", None)] == await halts(shop, sender)


async def test_posts_that_were_cut_in_one_moment_silence_no_line_and_those_that_waited_for_long_do(
    shop: House, worker: Runtime
) -> None:
    """A proxy that is begun again cuts whatever is open. That says no more than one of them does."""
    sender = await sender_of(shop, next(accounts), "EAAG-cut-5555")
    batch = await batch_of(shop, worker, sender)
    cut, deaf = await breaker_of(shop, worker, sender), await breaker_of(shop, worker, sender)

    for _ in range(3 * MOST_SILENT):
        await heed(cut, batch, Uncertain("connection_lost"), took_s=1.0)
    for _ in range(MOST_SILENT):
        await heed(deaf, batch, Uncertain("read_timeout"), took_s=30.0)

    assert (False, True) == (cut.open, deaf.open)


async def test_a_port_that_is_closed_for_a_moment_silences_no_line_and_one_that_stays_closed_does(
    shop: House, worker: Runtime
) -> None:
    """What could not connect went back to the queue and is in no doubt, so there is time to see whether it lasts."""
    sender = await sender_of(shop, next(accounts), "EAAG-blip-8888")
    batch = await batch_of(shop, worker, sender)
    breaker = await breaker_of(shop, worker, sender)

    for _ in range(5 * MOST_SILENT):
        await heed(breaker, batch, NotSent("connect_failed"))
    blip = breaker.open
    breaker._silent_since -= SILENT_FOR_S  # as if the first of them had been that long ago
    await heed(breaker, batch, NotSent("connect_failed"))

    assert (False, True) == (blip, breaker.open)
    assert [("no_answers", None)] == await halts(shop, sender)
