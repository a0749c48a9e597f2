"""Deadlines: who is late is cut, and nobody else."""

import asyncio
import socket
import threading
import time

import pytest

from app.kit.deadlines import Deadline

pytestmark = pytest.mark.anyio


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops: they differ in what they look at first."""
    return "asyncio", {"use_uvloop": request.param}


async def test_work_that_is_done_in_time_gives_its_result() -> None:
    deadline = Deadline(30.0)

    assert "done" == await deadline.hold(asyncio.sleep(0, "done"))


async def test_work_that_takes_too_long_is_cancelled_and_said_to_be_late() -> None:
    ended: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with pytest.raises(TimeoutError):
        await Deadline(0.05).hold(work())

    task = asyncio.current_task()
    assert task is not None
    assert ["cancelled"] == ended
    assert 0 == task.cancelling()  # as if nobody had cancelled anything: the task goes on


async def test_a_cancellation_from_elsewhere_passes_through() -> None:
    held = asyncio.create_task(Deadline(30.0).hold(asyncio.Event().wait()))
    await asyncio.sleep(0)

    held.cancel()
    await asyncio.wait([held])

    assert held.cancelled()


async def test_a_cancellation_from_elsewhere_wins_over_a_deadline_that_is_missed_at_the_same_moment() -> None:
    deadline = Deadline(30.0)
    loop = asyncio.get_running_loop()
    held = asyncio.create_task(deadline.hold(asyncio.Event().wait()))
    await asyncio.sleep(0)

    deadline._end(loop, deadline._until[held])
    held.cancel()
    await asyncio.wait([held])

    assert held.cancelled()


async def test_each_of_many_has_a_deadline_of_its_own() -> None:
    deadline, first_ends = Deadline(0.2), asyncio.Event()

    first = asyncio.create_task(deadline.hold(first_ends.wait()))
    await asyncio.sleep(0)  # its timer is the one that is set
    others = [asyncio.create_task(deadline.hold(asyncio.Event().wait())) for _ in range(3)]
    first_ends.set()
    results = await asyncio.gather(first, *others, return_exceptions=True)
    late = asyncio.create_task(deadline.hold(asyncio.Event().wait()))
    results += await asyncio.gather(late, return_exceptions=True)

    assert results[0] is True
    assert all(isinstance(result, TimeoutError) for result in results[1:])
    assert not deadline._until
    assert not deadline._missed


async def test_what_came_while_the_process_stood_still_is_heard() -> None:
    """The answer waits in the socket and the deadline is long over; the one counts."""
    here, there = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=here)
    held = asyncio.create_task(Deadline(0.05).hold(reader.readexactly(6)))
    await asyncio.sleep(0.01)
    threading.Timer(0.1, there.send, [b"answer"]).start()

    time.sleep(0.5)  # nothing of this process runs
    answer = await held
    writer.close()
    there.close()

    assert b"answer" == answer


async def test_an_error_of_the_work_is_the_work_s_own() -> None:
    async def work() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        await Deadline(30.0).hold(work())
