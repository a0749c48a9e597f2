"""A canary number, token and name, pushed through every error path, come out nowhere."""

import asyncio
import base64
import json
import logging
from pathlib import Path

import asyncpg
import pytest

from tests.conftest import Servers, TestDatabase
from tests.house import House, open_house
from tests.privacy.canary import CANARY, DIGITS, NAME, ROW, TOKEN, dump, found_in, watching
from tests.privacy.provoke import provoke, provoke_imports, provoke_streams
from tests.unit.whatsapp import hostile
from tests.worker_process import WorkerProcess

pytestmark = pytest.mark.anyio


def test_the_canary_is_found_however_it_is_written() -> None:
    for secret in (CANARY, TOKEN, NAME):
        for before in ("", "a", "ab", "abc"):
            text = f"{before}{secret}xyz"
            assert found_in(text)
            assert found_in(text.encode().hex())
            assert found_in(base64.b64encode(text.encode()).decode())
            assert found_in(base64.urlsafe_b64encode(text.encode()).decode())

    assert [] == found_in("905399918274 Kanarya")


@pytest.mark.covers("O6")
async def test_the_canary_comes_out_nowhere(
    servers: Servers, database: TestDatabase, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    async with (
        open_house(
            database.url, servers.valkey.url, tmp_path, worker=False, log_level="DEBUG", whatsapp_read_timeout_s=0.5
        ) as house,
        watching(servers, database) as watch,
    ):
        await house.client.patch(f"/v1/senders/{house.tenant.sender}", json={"access_token": TOKEN})
        for provoked in (provoke, provoke_streams, provoke_imports):
            watch.said += await provoked(house)
        await house.consent(CANARY)
        with WorkerProcess(house.settings, tmp_path / "worker.log"):
            await _send_with_a_refused_token(house, database)
            for knobs, state in FATES:
                await _send_to_a_fate(house, knobs, state)
            await _say_stop(house)
        metrics = (await house.client.get("/metrics")).text
    logging.shutdown()
    logs = capfd.readouterr()
    worker_log = (tmp_path / "worker.log").read_text("utf-8")

    assert {} == await watch.leaks(metrics=metrics, worker=worker_log, api=logs.out + logs.err)
    assert "http.answered" in logs.out  # there was something to find it in
    assert "dispatch.halted" in worker_log and "inbound.stopped" in worker_log
    assert b'"ZADD"' in watch.commands.upper()


FATES: list[tuple[dict[str, object], set[str]]] = [
    ({"faults": {"html_502": 1.0}}, {"uncertain"}),
    ({"faults": {"timeout_after_accept": 1.0}, "hold_webhooks": True}, {"uncertain"}),
    ({"faults": {"http_500": 1.0}, "hold_webhooks": False}, {"uncertain"}),
    ({"faults": {}, "failed_shares": {"131026": 1.0}}, {"failed"}),
    ({"failed_shares": {}}, {"delivered", "read"}),
]


async def _send_to_a_fate(house: House, knobs: dict[str, object], states: set[str]) -> None:
    """One message to the canary, until it has met its fate."""
    assert house.sandbox is not None
    await asyncio.to_thread(house.sandbox.knobs, **knobs)
    batch = await house.send(recipients=[ROW])
    await house.until(batch["id"], lambda body: bool(states & body["counts"].keys()))


async def _send_with_a_refused_token(house: House, database: TestDatabase) -> None:
    batch = await house.send(recipients=[ROW])
    await _until_halted(database)
    await house.client.patch(f"/v1/senders/{house.tenant.sender}", json={"access_token": "sandbox-token"})
    await _forget_halt(database)
    await house.until_settled(batch["id"])


async def _say_stop(house: House) -> None:
    """The person writes; then nothing may be sent any more."""
    assert house.sandbox is not None
    await asyncio.to_thread(house.sandbox.inbound, CANARY, text=f"DUR {CANARY}")
    await asyncio.to_thread(house.sandbox.inbound, CANARY, text="DUR")
    async with asyncio.timeout(15):  # the first sentence only holds them until a human has read it; the second stops
        while "person" not in {one["raised_by"] for one in (await house.get("/v1/suppressions"))["data"]}:
            await asyncio.sleep(0.05)


def _graph_error(code: object) -> bytes:
    error = {
        "message": f"(#{code}) {CANARY}",
        "type": "OAuthException",
        "code": code,
        "error_subcode": DIGITS,
        "error_data": {"messaging_product": "whatsapp", "details": f"{CANARY} {NAME} {TOKEN}"},
        "error_user_title": NAME,
        "fbtrace_id": TOKEN,
    }
    return hostile.http("400 Bad Request", json.dumps({"error": error}).encode())


ANSWERS = [
    _graph_error(131026),
    _graph_error(987_654),
    _graph_error(int(DIGITS)),
    _graph_error(CANARY),
    hostile.http("502 Bad Gateway", f"<html>{CANARY} {TOKEN}</html>".encode()),
    hostile.http("503 Busy", b"", f"Retry-After: {CANARY}", f"X-Debug: {TOKEN}"),
    f"{CANARY} {TOKEN}\r\n\r\n".encode(),
    hostile.http("200 OK", json.dumps({"messages": [{"id": [CANARY]}], "contacts": [{"wa_id": CANARY}]}).encode()),
]


async def test_what_whatsapp_says_about_the_canary_comes_out_nowhere(
    servers: Servers, database: TestDatabase, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    seen, states = hostile.Seen(), set[str]()
    current = b""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hostile.read_request(reader, seen)
        writer.write(current)
        await writer.drain()

    async with (
        open_house(database.url, servers.valkey.url, tmp_path, worker=False, sandbox=False, log_level="DEBUG") as house,
        hostile.serving(answer, seen) as port,
        watching(servers, database) as watch,
    ):
        await house.consent(CANARY)
        with WorkerProcess(house.settings, tmp_path / "worker.log", whatsapp_url=f"http://127.0.0.1:{port}"):
            for said in ANSWERS:
                current = said
                batch = await house.send(recipients=[ROW])
                told = await house.until(batch["id"], lambda body: not {"queued", "sending"} & body["counts"].keys())
                states |= told["counts"].keys()
                watch.said.append((await house.client.get(f"/v1/batches/{batch['id']}/results")).text)
    logging.shutdown()
    logs = capfd.readouterr()
    worker_log = (tmp_path / "worker.log").read_text("utf-8")

    assert {"failed", "uncertain"} <= states
    assert len(ANSWERS) == len(seen.requests)
    assert CANARY.encode() in seen.requests[0]  # it was really about the canary
    assert {} == await watch.leaks(worker=worker_log, api=logs.out + logs.err)


async def test_a_refused_unknown_person_leaves_the_keyed_hash_only(house: House, database: TestDatabase) -> None:
    row = ROW | {"reference": f"crm-{CANARY}"}

    batch = await house.send(recipients=[row])

    assert {"unknown_person": 1} == batch["refusals"]
    connection = await asyncpg.connect(database.admin_url)
    try:
        kept = dict(await connection.fetchrow("SELECT * FROM toplu.messages"))
        people = await connection.fetchval("SELECT count(*) FROM toplu.people")
    finally:
        await connection.close()
    assert kept["recipient_hash"] is not None
    assert [None] * 4 == [kept[name] for name in ("person_id", "alias_id", "variables_ct", "reference")]
    assert 0 == people
    assert [] == found_in(await dump(database))


@pytest.mark.covers("O2", "O6")
async def test_a_known_person_is_nowhere_in_clear_in_the_database(house: House, database: TestDatabase) -> None:
    await house.consent(CANARY)
    batch = await house.send(recipients=[ROW])
    await house.until_settled(batch["id"])

    assert [] == found_in(await dump(database))


async def _until_halted(database: TestDatabase) -> None:
    connection = await asyncpg.connect(database.admin_url)
    try:
        for _ in range(600):  # half a minute: the worker's start is part of it, 8 s on a busy machine
            if await connection.fetchval("SELECT bool_or(halted_code IS NOT NULL) FROM toplu.sender_lines"):
                return
            await asyncio.sleep(0.05)
    finally:
        await connection.close()
    raise AssertionError("the line was not halted by the bad token")


async def _forget_halt(database: TestDatabase) -> None:
    connection = await asyncpg.connect(database.admin_url)
    try:
        await connection.execute("UPDATE toplu.sender_lines SET halted_until = '-infinity'")
    finally:
        await connection.close()
