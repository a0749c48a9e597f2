"""Import of consents: one NDJSON stream, to the ledger and the state, and what a STOP beside it waits.

Reference: the same rows, as binary COPY, into tables of the same make with the same indexes.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO

from app.kit.clock import utc_now
from tests.bench.measure import Line, in_turns, line_of
from tests.bench.seed import phone
from tests.bench.stand import Stand
from tests.furnish import MARKETING

FIRST = 600_000_000  # nobody of the seed
# What was written since a moment, by the table it stands in.
WRITTEN = {
    "people": "id IN (SELECT person_id FROM aliases WHERE created_at >= $1)",
    "aliases": "created_at >= $1",
    "consent_events": "recorded_at >= $1",
    "consent_states": "consent_event_id IN (SELECT id FROM consent_events WHERE recorded_at >= $1)",
}


async def measure(stand: Stand, *, people: int, rounds: int) -> list[Line]:
    """Consents per second (two a person: explicit consent, commercial approval), the API's memory, a STOP's wait."""
    waits: list[float] = []
    firsts = iter(range(FIRST, FIRST + people * rounds, people))
    since: list[object] = []

    async def ours() -> float:
        since.append(await stand.admin.fetchval("SELECT clock_timestamp()"))
        return await _import(stand, next(firsts), people, waits)

    async def copied() -> float:
        return await _copy_again(stand, since[-1], 2 * people)

    before_mb = stand.api.peak_mb()
    mine, theirs = await in_turns(ours, copied, rounds=rounds)
    slowest_ms = [wait * 1000 for wait in waits]
    name = f"import, {people:,} people, 2 consents each"
    note = f"API memory at most {stand.api.peak_mb():.0f} MB ({before_mb:.0f} before)"
    return [
        line_of(name, "consents/s", mine, theirs, reference_name="raw COPY of all tables", note=note),
        Line("STOP during import", "ms, slowest", max(slowest_ms), runs=slowest_ms, goal="< 1,000 ms"),
    ]


async def _import(stand: Stand, first: int, people: int, waits: list[float]) -> float:
    """Consents per second of one stream, while people of it say STOP."""
    told = [first]
    stopping = asyncio.create_task(_stop_people(stand, told, waits))
    began = time.perf_counter()
    answer = await stand.client.post(
        "/v1/consent-imports",
        content=_rows(stand, first, people, told),
        headers={"content-type": "application/x-ndjson"},
    )
    took_s = time.perf_counter() - began
    stopping.cancel()
    await asyncio.gather(stopping, return_exceptions=True)
    assert answer.is_success, answer.text
    body = answer.json()
    assert body["rows"] == 2 * people, body
    return 2 * people / took_s


async def _rows(stand: Stand, first: int, people: int, told: list[int]) -> AsyncIterator[bytes]:
    at = (utc_now() - timedelta(hours=1)).isoformat()
    shared = f'"purpose":"{MARKETING}","act":"given","channel":"web_form","method":"checkbox","occurred_at":"{at}"'
    part: list[str] = []
    for number in range(first, first + people):
        to = phone(number)
        part.append(f'{{"to":"{to}",{shared},"notice_version_id":"{stand.tenant.notice_version}"}}\n')
        iys = f'"iys":{{"transaction_id":"iys-{number}","date":"2026-01-05"}}'
        part.append(f'{{"to":"{to}","kind":"commercial_approval",{shared},{iys}}}\n')
        if len(part) >= 500:
            told[0] = number
            yield "".join(part).encode()
            part = []
    yield "".join(part).encode()


async def _stop_people(stand: Stand, told: list[int], waits: list[float]) -> None:
    """Twice a second somebody says STOP: in turn one whose rows are still to come, and one whose rows have passed."""
    while True:
        near = max(told[0] + (600 if len(waits) % 2 else -600), FIRST)
        body = {"people": [{"to": phone(near)}], "scope": "marketing", "channel": "api", "by": "person"}
        began = time.perf_counter()
        answer = await stand.client.post("/v1/suppressions", json=body)
        waits.append(time.perf_counter() - began)
        assert answer.is_success, answer.text
        await asyncio.sleep(0.5)


async def _copy_again(stand: Stand, since: object, rows: int) -> float:
    """Consents per second of a bare COPY of everything that the import wrote."""
    took_s = 0.0
    for table, condition in WRITTEN.items():
        held = BytesIO()
        statement = f"SELECT * FROM {table} WHERE {condition}"
        await stand.admin.copy_from_query(statement, since, output=held, format="binary")
        held.seek(0)
        await stand.admin.execute(f"CREATE TABLE public.bench_{table} (LIKE {table} INCLUDING ALL)")
        began = time.perf_counter()
        await stand.admin.copy_to_table(f"bench_{table}", schema_name="public", source=held, format="binary")
        took_s += time.perf_counter() - began
        await stand.admin.execute(f"DROP TABLE public.bench_{table}")
    return rows / took_s
