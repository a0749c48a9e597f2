"""How many messages a line claims at once: enough to be worth it, and never so that it stands still."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from app.dispatch.line import Drain
from app.dispatch.pacing.number import AHEAD_S, Pace
from app.kit.ids import new_id

NOBODY = cast("Any", None)


def drain_of(rate: float, connections: int, *, page: int = 500, answers_s: float = 0.5) -> Drain:
    """A drain that has claimed nothing yet; no database is asked for this."""
    run = SimpleNamespace(settings=SimpleNamespace(whatsapp_connections=connections, page_size=page))
    drain = Drain(
        run=cast("Any", run),
        tenant=new_id(),
        sender=new_id(),
        owner="test",
        keys=NOBODY,
        stopping=NOBODY,
        pace=Pace(rate, 0.0),
        phone_number_id="",
        token="",
        sender_version=1,
        portfolio=None,
    )
    drain._latency_s = answers_s
    drain.mouths.clock = lambda: 0.0  # the rate of answers stays what a test says
    return drain


def speak(drain: Drain, count: int) -> None:
    """As many are being posted now."""
    drain.mouths._speaking = set(range(count))  # type: ignore[arg-type]


@pytest.mark.parametrize("page", [1, 500])
@pytest.mark.parametrize("connections", [1, 8, 400])
@pytest.mark.parametrize("rate", [1, 5, 20, 39.2, 80, 1_000])
def test_a_line_without_messages_under_way_always_claims_some(rate: float, connections: int, page: int) -> None:
    drain = drain_of(rate, connections, page=page)

    at_once = drain._room(0.0)
    for _ in range(at_once):
        drain.pace.slot(0.0)
    rested = max(2 * AHEAD_S, 1 / drain.pace.rate)

    assert 1 <= at_once <= min(page, rate * AHEAD_S + 1)
    assert 1 <= drain._room(rested)


def test_a_paced_line_claims_a_quarter_of_what_may_be_ahead_and_not_one_after_the_other() -> None:
    drain = drain_of(1_000, 400, answers_s=0.15)
    quarter = int(AHEAD_S * drain.pace.rate / 4)
    for _ in range(drain._room(0.0)):
        drain.pace.slot(0.0)

    claims = [drain._room(ms / 1_000) for ms in range(200)]

    assert {0} == {size for size in claims if size < quarter}
    assert quarter <= max(claims)


def test_every_connection_that_is_free_is_used_where_connections_are_the_limit() -> None:
    drain = drain_of(1_000, 200, answers_s=1.0)
    speak(drain, 199)

    assert 1 == drain._room(10.0)


@pytest.mark.parametrize("connections", [8, 32, 300])
@pytest.mark.parametrize("answers_per_s", [2_000, 4_000])
def test_while_some_wait_for_a_connection_a_quarter_second_of_answers_is_ahead_and_a_quarter_of_it_claimed(
    answers_per_s: int, connections: int
) -> None:
    drain = drain_of(1_000_000, connections)
    speak(drain, connections)
    drain.mouths.rate = answers_per_s
    ahead = int(AHEAD_S * answers_per_s)

    rooms = {}
    for free in (ahead // 4, ahead // 4 - 1, 0):
        drain.mouths._waiting.extend([NOBODY] * (ahead - connections - free - drain.mouths.waiting))
        rooms[free] = drain._room(10.0)

    assert [ahead // 4, 0, 0] == list(rooms.values())


def test_a_line_that_finds_out_whether_whatsapp_answers_claims_one() -> None:
    drain = drain_of(80, 400)
    drain.breaker.half_open = True

    assert 1 == drain._room(10.0)
