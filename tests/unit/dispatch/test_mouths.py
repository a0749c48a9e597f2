"""Mouths: so many at once, in order, and one that fails leaves nobody waiting."""

import asyncio
from typing import Any, cast

import pytest

from app.dispatch.mouths import FIRST_LOOK_S, LOOK_S, Mouths

pytestmark = pytest.mark.anyio

NOBODY = cast(Any, None)  # what is said does not matter here, only when


def give(mouths: Mouths, count: int) -> None:
    for at in range(count):
        mouths.add(NOBODY, NOBODY, NOBODY, float(at), 0.0)


async def until_silent(mouths: Mouths) -> None:
    while mouths:
        await mouths.wait(1.0)
        await asyncio.sleep(0)


async def test_no_more_speak_at_once_than_there_are_mouths_and_each_message_is_said_once() -> None:
    said: list[float] = []
    speaking: list[int] = []
    now = 0

    async def say(_batch: object, _voice: object, _message: object, slot: float, _until: float) -> bool:
        nonlocal now
        now += 1
        speaking.append(now)
        said.append(slot)
        await asyncio.sleep(0)
        now -= 1
        return True

    mouths = Mouths(say, 3)
    give(mouths, 10)
    waiting = mouths.waiting
    await until_silent(mouths)

    assert 3 == max(speaking)
    assert [float(at) for at in range(10)] == said
    assert 10 - 3 <= waiting <= 10


async def test_fewer_mouths_speak_when_the_connections_are_shared_and_more_when_they_are_not() -> None:
    speaking: list[int] = []
    mouths = Mouths(lambda *_: say(), 4)

    async def say() -> bool:
        speaking.append(len(mouths) - mouths.waiting)
        await asyncio.sleep(0)
        return True

    give(mouths, 12)
    mouths.most = 2
    await until_silent(mouths)
    shared = speaking[4:]
    mouths.most = 4
    give(mouths, 8)
    await until_silent(mouths)

    assert (12, 2) == (len(speaking) - 8, max(shared[4:]))
    assert 4 == max(speaking[12:])


async def test_one_that_fails_leaves_nobody_waiting() -> None:
    said: list[float] = []

    async def say(_batch: object, _voice: object, _message: object, slot: float, _until: float) -> bool:
        said.append(slot)
        await asyncio.sleep(0)
        raise LookupError

    mouths = Mouths(say, 1)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # each failure is told there
    give(mouths, 3)
    await until_silent(mouths)

    assert [0.0, 1.0, 2.0] == said


class Clock:
    """Seconds that pass when somebody says so, and with each answer."""

    def __init__(self) -> None:
        self.now = 100.0
        self.answer_s = LOOK_S

    def __call__(self) -> float:
        return self.now

    async def say(self, *_: object) -> bool:
        await asyncio.sleep(0)
        self.now += self.answer_s
        return True


async def test_the_rate_is_that_of_the_answers_lately_and_the_first_one_is_known_soon() -> None:
    clock = Clock()
    mouths = Mouths(clock.say, 1, clock)
    rates = []
    for clock.answer_s, count in ((FIRST_LOOK_S / 8, 6), (FIRST_LOOK_S / 8, 6), (FIRST_LOOK_S, 4), (LOOK_S, 3)):
        give(mouths, count)
        await until_silent(mouths)
        mouths.look()
        rates.append(mouths.rate)

    first = 8 / FIRST_LOOK_S  # of twelve
    after = (first + 7 / (4 * FIRST_LOOK_S + 3 * LOOK_S)) / 2
    assert [0.0, first, first] == pytest.approx(rates[:3])  # then it is not looked at again so soon
    assert after == pytest.approx(rates[3])


async def test_while_nobody_speaks_no_time_counts() -> None:
    clock = Clock()
    mouths = Mouths(clock.say, 2, clock)
    for _ in range(4):
        give(mouths, 4)
        await until_silent(mouths)
        clock.now += 10.0  # a claim, for instance
        mouths.look()

    assert 1 / LOOK_S == pytest.approx(mouths.rate)


async def test_a_silence_of_those_who_speak_does_count_and_lowers_the_rate_that_is_known() -> None:
    clock = Clock()
    answer = asyncio.Event()
    mouths = Mouths(lambda *_: say(), 4, clock)

    async def say() -> bool:
        await answer.wait()
        return True

    rates = []
    for _ in range(2):
        give(mouths, 4)
        await asyncio.sleep(0)
        clock.now += 1.0
        mouths.look()
        rates.append(mouths.rate)
        answer.set()
        await until_silent(mouths)
        mouths.look()
        rates.append(mouths.rate)
        answer.clear()

    assert [0.0, 4.0, 2.0, 2.0] == pytest.approx(rates)  # four in a second, then none in one


async def test_what_failed_at_once_is_no_answer() -> None:
    clock = Clock()

    async def say(_batch: object, _voice: object, _message: object, slot: float, _until: float) -> bool:
        await asyncio.sleep(0)
        clock.now += LOOK_S if slot == 0.0 else 0.0
        return slot == 0.0

    mouths = Mouths(say, 1, clock)
    give(mouths, 100)
    await until_silent(mouths)
    mouths.look()

    assert 1 / LOOK_S == pytest.approx(mouths.rate)
