import asyncio

import pytest

from app.kit.health import Check, Health, Observed, alive

pytestmark = pytest.mark.anyio


async def fine() -> Observed:
    return {"revision": "0007"}


async def broken() -> None:
    raise ConnectionError("postgresql://app:geheim@db refused +905321234567")


async def stuck() -> None:
    await asyncio.sleep(60)


async def test_all_passing_is_pass() -> None:
    status, body = await Health([Check("database", fine)]).report()

    assert (200, "pass") == (status, body["status"])
    answer = {"status": "pass", "critical": True, "observed": {"revision": "0007"}}
    assert {"database": [answer]} == body["checks"]


async def test_a_failing_critical_check_fails_the_whole_and_keeps_its_text_to_itself() -> None:
    status, body = await Health([Check("database", broken), Check("bell", fine, critical=False)]).report()

    assert (503, "fail") == (status, body["status"])
    assert "ConnectionError" in str(body)
    assert "geheim" not in str(body)


async def test_a_failing_informative_check_only_warns() -> None:
    status, body = await Health([Check("database", fine), Check("bell", broken, critical=False)]).report()

    assert (200, "warn") == (status, body["status"])


async def test_a_check_that_does_not_answer_is_a_failed_one() -> None:
    status, body = await Health([Check("database", stuck, timeout_s=0.01)]).report()

    assert 503 == status
    assert "no answer within 0.01 s" in str(body)


async def test_many_asking_at_once_ask_once_and_are_remembered() -> None:
    asked = []

    async def counting() -> None:
        asked.append(1)
        await asyncio.sleep(0)

    health = Health([Check("database", counting)], remember_s=60)
    fresh = Health([Check("database", counting)], remember_s=0)

    await asyncio.gather(*(health.report() for _ in range(10)))
    await health.report()

    assert 1 == len(asked)
    await fresh.report()
    await fresh.report()
    assert 3 == len(asked)


async def test_being_alive_asks_nothing() -> None:
    assert (200, {"status": "pass"}) == alive()
