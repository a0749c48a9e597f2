"""The webhook's door: who is let in, and that nothing is acknowledged before it is on disk."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from app.inbound.api import PATH
from app.inbound.receive import FLUSHES, Receiver, where_raw
from app.kit.crypto import unseal
from tests.conftest import Servers, TestDatabase
from tests.rooms.inbound.stand import (
    NEXT_SECRET,
    SECRET,
    VERIFY_TOKEN,
    Stand,
    body_of,
    open_stand,
    said,
    serving_webhooks,
    sign,
    status,
)

pytestmark = pytest.mark.anyio

ACCENTED = body_of({"messages": [said("+905321234567", "Çıkış 🛑")], "metadata": {"phone_number_id": "1"}})


async def shake(stand: Stand, **changed: str) -> httpx.Response:
    asked = {"hub.mode": "subscribe", "hub.verify_token": VERIFY_TOKEN, "hub.challenge": "1158201444"}
    return await stand.http.get(PATH, params=asked | {f"hub.{key}": value for key, value in changed.items()})


async def test_the_handshake_is_answered_with_its_challenge_as_plain_text(stand: Stand) -> None:
    answered = await shake(stand)

    assert (200, "1158201444") == (answered.status_code, answered.text)
    assert answered.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    "changed",
    [
        {"verify_token": "wrong"},
        {"verify_token": ""},
        {"verify_token": VERIFY_TOKEN + "x"},
        {"verify_token": "şifre\udc80".encode("utf-8", "surrogateescape").decode("latin-1")},
        {"mode": "unsubscribe"},
        {"challenge": ""},
        {"challenge": "<script>alert(1)</script>"},
        {"challenge": "1" * 65},
        {"challenge": "12\n34"},
        {"challenge": "１２３"},
    ],
)
async def test_a_handshake_that_is_not_ours_is_refused(stand: Stand, changed: dict[str, str]) -> None:
    answered = await shake(stand, **changed)

    assert (403, "handshake_refused") == (answered.status_code, answered.json()["code"])


async def test_a_signed_body_is_on_disk_sealed_and_in_line_when_it_is_acknowledged(stand: Stand) -> None:
    answered = await stand.post(ACCENTED)

    kept = await stand.rows(
        "SELECT q.raw_id, r.body_ct FROM webhook_queue AS q JOIN webhook_raw AS r ON r.id = q.raw_id"
    )
    assert (200, 1) == (answered.status_code, len(kept))
    raw_id, sealed = kept[0]
    assert b"905321234567" not in sealed
    assert ACCENTED == unseal(stand.worker.master.subkey("webhook-raw"), sealed, where_raw(UUID(str(raw_id))))


FORGED: dict[str, Any] = {
    "missing": None,
    "empty": "",
    "short": sign(ACCENTED)[:-1],
    "long": sign(ACCENTED) + "0",
    "upper case": "sha256=" + sign(ACCENTED)[7:].upper(),
    "without prefix": sign(ACCENTED)[7:],
    "sha1": "sha1=" + hmac.new(SECRET, ACCENTED, hashlib.sha1).hexdigest(),
    "another secret": sign(ACCENTED, b"another secret"),
    "empty secret": sign(ACCENTED, b""),
    "of the body written again": sign(json.dumps(json.loads(ACCENTED), ensure_ascii=False).encode()),
    "of another body": sign(ACCENTED + b" "),
    "not ascii": "sha256=" + "é" * 64,
}


@pytest.mark.parametrize("signature", FORGED.values(), ids=FORGED.keys())
async def test_a_forged_body_is_refused_and_leaves_nothing(stand: Stand, signature: str | None) -> None:
    before = await stand.rows("SELECT count(*) FROM webhook_raw")
    headers = {} if signature is None else {b"x-hub-signature-256": signature.encode("latin-1")}

    answered = await stand.http.post(PATH, content=ACCENTED, headers=headers)

    assert (401, "signature_invalid") == (answered.status_code, answered.json()["code"])
    assert before == await stand.rows("SELECT count(*) FROM webhook_raw")


async def test_both_secrets_are_believed_while_one_is_rotated(stand: Stand) -> None:
    answers = [await stand.post(ACCENTED, sign(ACCENTED, secret)) for secret in (SECRET, NEXT_SECRET)]

    assert [200, 200] == [answered.status_code for answered in answers]


async def test_a_compressed_body_is_refused(stand: Stand) -> None:
    answered = await stand.post(ACCENTED, **{"content-encoding": "gzip"})

    assert (415, "encoding_refused") == (answered.status_code, answered.json()["code"])


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "streamed"])
async def test_a_body_over_four_megabytes_is_refused(stand: Stand, announced: bool) -> None:
    large = b"x" * (4 * 1024 * 1024 + 1)

    async def stream() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    content = large if announced else stream()
    answered = await stand.http.post(PATH, content=content, headers={"x-hub-signature-256": sign(large)})

    assert (413, "too_large") == (answered.status_code, answered.json()["code"])


async def test_a_body_of_metas_largest_size_is_taken(stand: Stand) -> None:
    answered = await stand.post(body_of({"padding": "x" * 3_000_000}))

    assert 200 == answered.status_code


async def test_without_an_app_secret_nothing_is_believed(module_database: TestDatabase) -> None:
    empty = {"whatsapp_app_secret": "", "whatsapp_app_secret_next": None}
    async with open_stand(module_database.url, module_database.admin_url, **empty) as stand:
        answered = await stand.post(ACCENTED, sign(ACCENTED, b""))

    assert (503, "webhook_not_configured") == (answered.status_code, answered.json()["code"])


async def test_webhooks_that_come_together_are_committed_together_and_each_is_kept_once(stand: Stand) -> None:
    bodies = [body_of({"n": n}) for n in range(200)]

    answers = await asyncio.gather(*(stand.post(body) for body in bodies))

    kept = await stand.rows(
        "SELECT r.xmin::text, r.id, r.body_ct FROM webhook_queue AS q JOIN webhook_raw AS r ON r.id = q.raw_id"
    )
    key = stand.worker.master.subkey("webhook-raw")
    assert {200} == {answered.status_code for answered in answers}
    assert sorted(bodies) == sorted(unseal(key, sealed, where_raw(UUID(str(id_)))) for _, id_, sealed in kept)
    assert len({xmin for xmin, _, _ in kept}) < len(bodies) / 4


async def test_what_arrives_during_two_flushes_is_the_next_group(stand: Stand) -> None:
    receiver = Receiver(stand.api)
    bodies = [body_of({"n": n}) for n in range(30)]

    # All of them before the loop turns: two flushes begin with one each, the rest waits and goes together.
    await asyncio.gather(*(receiver.receive(body, sign(body)) for body in bodies))
    await receiver.close()

    kept = await stand.rows(
        "SELECT count(*) FROM webhook_queue AS q JOIN webhook_raw AS r ON r.id = q.raw_id GROUP BY r.xmin::text"
    )
    assert [1] * FLUSHES + [30 - FLUSHES] == sorted(count for (count,) in kept)


async def test_a_database_that_is_away_means_503_and_never_200(servers: Servers, database: TestDatabase) -> None:
    async with open_stand(database.url, database.admin_url) as stand:
        await stand.post(ACCENTED)
        server = await asyncpg.connect(servers.admin())

        await server.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS false")
        await server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND usename <> 'postgres'",
            database.name,
        )
        away = await asyncio.gather(*(stand.post(ACCENTED) for _ in range(5)))
        await server.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS true")
        back = await stand.post(ACCENTED)
        await server.close()

        assert {503} == {answered.status_code for answered in away}
        assert {"webhook_not_kept"} == {answered.json()["code"] for answered in away}
        assert 200 == back.status_code
        assert 2 == await stand.queued()


async def test_a_caller_who_hangs_up_disturbs_nobody(stand: Stand) -> None:
    gone, stays = body_of({"n": "gone"}), body_of({"n": "stays"})
    receiver = Receiver(stand.api)

    leaving = asyncio.create_task(receiver.receive(gone, sign(gone)))
    await asyncio.sleep(0)
    leaving.cancel()
    await receiver.receive(stays, sign(stays))
    await receiver.close()

    assert leaving.cancelled()
    assert 2 == await stand.queued()


async def test_a_frozen_database_is_given_up_and_the_next_webhook_is_taken(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.inbound.receive.FLUSH_DEADLINE_S", 0.2)
    async with stand.admin.transaction():
        await stand.admin.execute("LOCK TABLE webhook_queue IN ACCESS EXCLUSIVE MODE")
        frozen = await stand.post(ACCENTED)

    thawed = await stand.post(ACCENTED)

    assert [503, 200] == [frozen.status_code, thawed.status_code]
    assert 1 == await stand.queued()


async def test_what_waits_for_the_disk_is_bounded(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.inbound.receive.WAITING_BYTES", 3 * len(ACCENTED) + 500)

    answers = await asyncio.gather(*(stand.post(ACCENTED) for _ in range(20)))

    codes = [answered.status_code for answered in answers]
    assert {200, 503} == set(codes)
    assert codes.count(200) == await stand.queued()


async def test_bodies_in_which_people_speak_are_marked_urgent(stand: Stand) -> None:
    bodies = [
        body_of({"statuses": [status(None, "read")]}),
        body_of({"messages": [said("+905321234567", "merhaba")]}),
        body_of({"user_preferences": []}, field="user_preferences"),
        json.dumps({"messages": []}, indent=2).encode().replace(b'":', b'" :'),
    ]

    for body in bodies:
        await stand.post(body)

    found = await stand.rows("SELECT urgent FROM webhook_queue ORDER BY raw_id")
    assert [(False,), (True,), (True,), (True,)] == found


async def test_the_webhook_is_not_in_the_api_document(stand: Stand) -> None:
    async with serving_webhooks(stand.api) as http:
        document = (await http.get("/openapi.json")).json()

    assert [] == [path for path in document["paths"] if path.startswith("/providers")]
