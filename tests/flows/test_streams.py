"""Streams of recipients: what goes wrong as a whole, and that a cut stream counts nothing."""

import asyncio
import base64
import gzip
import hashlib
from collections.abc import AsyncIterator

import pytest

from tests.flows.streams import CSV, GOOD, NDJSON, nothing_counted, of, stream
from tests.house import House, phone

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"", CSV, "stream_empty"),
        (b"to,first_name\n", CSV, "stream_empty"),
        (b"", NDJSON, "stream_empty"),
        (b"to\n+905320000001\n", CSV, "csv_columns_missing"),
        (b"first_name\nx\n", CSV, "csv_columns_missing"),
        (b"x" * 1_000_000 + b"\n", CSV, "stream_unreadable"),
        (b"to,first_name\x00\n", CSV, "stream_unreadable"),
        (b"{}", {"content-type": "application/pdf"}, "unsupported_type"),
    ],
    ids=["empty", "header only", "empty ndjson", "no variable", "no address", "1 MB header", "NUL header", "pdf"],
)
async def test_a_stream_that_holds_nothing_readable_is_a_clear_problem(
    shop: House, draft: str, body: bytes, headers: dict[str, str], code: str
) -> None:
    answer = await stream(shop, draft, body, headers)

    assert code == answer.json()["code"]
    assert "application/problem+json" == answer.headers["content-type"]
    await nothing_counted(shop, draft)


async def test_two_columns_of_one_name_are_not_guessed_between(shop: House, draft: str) -> None:
    answer = await stream(shop, draft, f"to,first_name,First_Name\n{phone(1)},Can,Nur\n".encode(), CSV)

    assert (422, "stream_unreadable") == (answer.status_code, answer.json()["code"])
    assert [("/1", "column_repeated")] == [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
    await nothing_counted(shop, draft)


async def test_an_encoded_stream_is_not_taken(shop: House, draft: str) -> None:
    answer = await stream(shop, draft, gzip.compress(GOOD), NDJSON | {"content-encoding": "gzip"})

    assert (415, "encoding_refused") == (answer.status_code, answer.json()["code"])
    await nothing_counted(shop, draft)


async def test_a_cut_stream_counts_nothing_and_can_be_sent_again(shop: House, draft: str) -> None:
    async def half() -> AsyncIterator[bytes]:
        for number in range(6_000):
            yield b'{"to":"%s","variables":{"first_name":"Can"}}\n' % phone(number).encode()
        raise ConnectionError("the caller's network is gone")

    with pytest.raises(ConnectionError):
        await stream(shop, draft, half(), NDJSON)
    async with asyncio.timeout(10):
        while (await shop.get(f"/v1/batches/{draft}"))["state"] != "draft":
            await asyncio.sleep(0.05)
    await nothing_counted(shop, draft)

    again = await stream(shop, draft, GOOD, NDJSON)

    assert {"queued": 1} == again.json()["counts"]


async def test_a_second_stream_at_the_same_time_is_refused(shop: House, draft: str) -> None:
    gate = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield GOOD + b"\n"
        await gate.wait()
        yield GOOD + b"\n"

    first = asyncio.create_task(stream(shop, draft, slow(), NDJSON))
    async with asyncio.timeout(5):
        while (await shop.get(f"/v1/batches/{draft}"))["state"] != "loading":
            await asyncio.sleep(0.02)
    second = await stream(shop, draft, GOOD, NDJSON)
    start = await shop.client.post(f"/v1/batches/{draft}/start")
    gate.set()

    assert (409, "upload_in_progress") == (second.status_code, second.json()["code"])
    assert (409, "batch_state_conflict") == (start.status_code, start.json()["code"])
    assert {"queued": 1, "refused": 1} == (await first).json()["counts"]


async def test_the_same_key_and_body_are_answered_again_and_another_body_is_refused(shop: House, draft: str) -> None:
    headers = NDJSON | {"idempotency-key": "stream-1"}

    first = await stream(shop, draft, GOOD, headers)
    again = await stream(shop, draft, GOOD, headers)
    other = await stream(shop, draft, GOOD + b"\n" + GOOD, headers)

    assert (202, 202, 422) == (first.status_code, again.status_code, other.status_code)
    assert first.json() == again.json()
    assert "idempotency_key_reused" == other.json()["code"]
    assert 1 == (await shop.get(f"/v1/batches/{draft}"))["total"]


async def test_a_body_that_is_not_the_announced_one_counts_nothing(shop: House, draft: str) -> None:
    digest = base64.b64encode(hashlib.sha256(GOOD).digest()).decode()
    headers = NDJSON | {"content-digest": f"sha-256=:{digest}:"}

    right = await stream(shop, draft, GOOD, headers)
    wrong = await stream(shop, draft, GOOD + b"\n", headers)

    assert (202, 400) == (right.status_code, wrong.status_code)
    assert "digest_mismatch" == wrong.json()["code"]
    assert 1 == (await shop.get(f"/v1/batches/{draft}"))["total"]


async def test_a_started_batch_takes_no_more_recipients(shop: House, draft: str) -> None:
    await stream(shop, draft, GOOD, NDJSON)
    await shop.client.post(f"/v1/batches/{draft}/start")

    answer = await stream(shop, draft, GOOD, NDJSON)

    assert (409, "batch_closed") == (answer.status_code, answer.json()["code"])


async def test_an_empty_batch_does_not_start(shop: House, draft: str) -> None:
    answer = await shop.client.post(f"/v1/batches/{draft}/start")

    assert (409, "batch_empty") == (answer.status_code, answer.json()["code"])


async def test_a_person_is_in_a_batch_once_across_streams_and_spellings(shop: House, draft: str) -> None:
    await stream(shop, draft, GOOD, NDJSON)

    again = await stream(shop, draft, f"to,first_name\n0 {phone(1)[3:]},Can\n".encode(), CSV)

    assert {"duplicate": 1} == again.json()["refusals"]
    assert [(2, "duplicate")] == [(row["row"], row["reason"]) for row in again.json()["first_refusals"]]


async def test_a_message_names_the_stream_it_came_with(shop: House, draft: str) -> None:
    first = await stream(shop, draft, GOOD, NDJSON)
    second = await stream(shop, draft, of("Can"), NDJSON)

    messages = await shop.messages(draft)

    assert [(1, first.json()["id"]), (1, second.json()["id"])] == [(one["row"], one["upload"]) for one in messages]


async def test_results_stream_ends_with_a_summary(shop: House, draft: str) -> None:
    await stream(shop, draft, GOOD, NDJSON)

    lines = (await shop.client.get(f"/v1/batches/{draft}/results")).text.splitlines()

    assert 2 == len(lines)
    assert '{"type":"summary","messages":1}' == lines[-1]
