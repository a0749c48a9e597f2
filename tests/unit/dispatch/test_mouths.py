"""Mouths: so many at once, in order, and one that fails leaves nobody waiting."""

import asyncio
from typing import Any, cast

import pytest

from app.dispatch.mouths import LOOK_S, Mouths

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

    async def say(_batch: object, _voice: object, _message: object, slot: float, _until: float) -> None:
        nonlocal now
        now += 1
        speaking.append(now)
        said.append(slot)
        await asyncio.sleep(0)
        now -= 1

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

    async def say() -> None:
        speaking.append(len(mouths) - mouths.waiting)
        await asyncio.sleep(0)

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

    async def say(_batch: object, _voice: object, _message: object, slot: float, _until: float) -> None:
        said.append(slot)
        await asyncio.sleep(0)
        raise LookupError

    mouths = Mouths(say, 1)
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # each failure is told there
    give(mouths, 3)
    await until_silent(mouths)

    assert [0.0, 1.0, 2.0] == said


async def test_the_rate_is_that_of_the_answers_lately() -> None:
    async def say(*_: object) -> None:
        await asyncio.sleep(0)

    mouths = Mouths(say, 5)
    mouths.look(100.0)
    give(mouths, 8)
    await until_silent(mouths)
    mouths.look(100.0 + LOOK_S / 2)
    too_soon = mouths.rate
    mouths.look(101.0)
    busy = mouths.rate
    mouths.look(102.0)

    assert 0.0 == too_soon
    assert 4.0 == busy
    assert 2.0 == mouths.rate
