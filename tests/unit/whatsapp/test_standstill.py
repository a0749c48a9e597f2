"""A process that stood still hears the answers that came meanwhile, whatever its deadlines say."""

import asyncio
import socket
import threading
import time

import pytest

from app.whatsapp.client import CloudApi, Timeouts
from app.whatsapp.outcomes import Accepted
from app.whatsapp.transport import open_transport

pytestmark = pytest.mark.anyio

BODY = b'{"messages":[{"id":"wamid.A"}]}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both loops: they differ in what they look at first."""
    return "asyncio", {"use_uvloop": request.param}


async def test_an_answer_that_came_during_a_standstill_is_no_lost_one() -> None:
    asked, go_on = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=answer_one, args=(listener, asked, go_on), daemon=True)
        server.start()
        transport = open_transport()
        api = CloudApi(f"http://127.0.0.1:{listener.getsockname()[1]}", "v23.0", transport, Timeouts(0.2, 0.2, 0.6))
        posting = asyncio.create_task(api.post("1", "a-token", b"{}"))
        while not asked.is_set():
            await asyncio.sleep(0)

        go_on.set()
        time.sleep(1.5)
        outcome = await posting
        await transport.aclose()
        server.join(10)

    assert Accepted("wamid.A", None, held=False) == outcome


def answer_one(listener: socket.socket, asked: threading.Event, go_on: threading.Event) -> None:
    """Read one request, wait, answer it."""
    connection, _ = listener.accept()
    with connection:
        connection.recv(65_536)
        asked.set()
        go_on.wait(10)
        connection.sendall(ANSWER)
        connection.recv(1)
