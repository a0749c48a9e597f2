"""Accept: one NDJSON stream over HTTP, to committed and decided rows.

Reference: the same rows of `messages`, as binary COPY, into the same table with the same indexes. That is less than
half of what is written: the queue, the refused rows' outcomes and the members of the batch come on top.

What it costs the processor is told for the API and for PostgreSQL apart, beside what PostgreSQL needs for the bare
work: one probe each for number, person and consent, and a COPY of the same rows into the same four tables.
"""

import random
import secrets
import time
from collections.abc import AsyncIterator
from io import BytesIO

from app.dispatch.take_in import CHUNK_ROWS
from app.kit.ids import new_id
from tests.bench.measure import Line, in_turns, line_of
from tests.bench.seed import CAMPAIGN, batches_of, phone
from tests.bench.stand import Stand, as_json
from tests.furnish import MARKETING

UNKNOWN_SHARE = 0.05  # with the withdrawn 5 % of those who are known: nine of ten are allowed

WRITTEN = {"messages": "id", "batch_members": "message_id", "dispatch": "id", "outcomes": "id"}  # in which order
PROBES = """
SELECT a.person_id, p.key_salt, s.consent_event_id, s.approval_event_id
  FROM unnest(CAST($1 AS uuid[])) AS wanted (hash)
  LEFT JOIN aliases AS a ON a.tenant_id = $2 AND a.hash = wanted.hash AND a.closed_at IS NULL
  LEFT JOIN people AS p ON p.id = a.person_id
  LEFT JOIN consent_states AS s ON s.person_id = a.person_id AND s.purpose_id = $3
"""


async def measure(stand: Stand, *, recipients: int, known: int, rounds: int) -> list[Line]:
    """Recipients per second, ours and the bare COPY's; processor time per recipient, and the least it could be."""
    api_us: list[float] = []
    postgres_us: list[float] = []
    bare_us: list[float] = []

    async def ours() -> float:
        batch = await draft(stand)
        body = list(recipients_of(recipients, known))
        api_s, postgres_s, began = stand.api.cpu_s(), stand.postgres_cpu_s(), time.perf_counter()
        await stream(stand, batch, body)
        took = time.perf_counter() - began
        api_us.append((stand.api.cpu_s() - api_s) / recipients * 1e6)
        postgres_us.append((stand.postgres_cpu_s() - postgres_s) / recipients * 1e6)
        return recipients / took

    async def copied() -> float:
        rate, cpu_s = await write_again(stand)
        bare_us.append((cpu_s + await probe_again(stand)) / recipients * 1e6)
        return rate

    mine, theirs = await in_turns(ours, copied, rounds=rounds)
    name = "raw COPY of the messages"
    goal = ">= 60,000/s, >= 0.15x"
    return [
        line_of("accept", "recipients/s", mine, theirs, reference_name=name, goal=goal),
        line_of("accept, API", "CPU us/recipient", api_us),
        line_of("accept, PostgreSQL", "CPU us/recipient", postgres_us, bare_us, reference_name="probes and COPY alone"),
    ]


async def draft(stand: Stand, sender: str | None = None) -> str:
    """A batch without recipients, of the tenant's first sender unless told otherwise."""
    body = {
        "sender": sender or stand.tenant.sender,
        "template": {"name": "autumn_offer", "language": "tr"},
        "purpose": MARKETING,
        "on_invalid": "skip",
    }
    answer = await stand.client.post("/v1/batches", json=body)
    assert answer.is_success, answer.text
    batch: str = answer.json()["id"]
    return batch


def recipients_of(count: int, known: int, seed: int = 1, strangers: int | None = None) -> list[bytes]:
    """Lines of NDJSON in blocks of about 128 KiB: distinct numbers in no order."""
    chance = random.Random(seed)
    strangers = int(count * UNKNOWN_SHARE) if strangers is None else strangers
    numbers = chance.sample(range(known), count - strangers)
    numbers += [900_000_000 + at for at in range(strangers)]
    chance.shuffle(numbers)
    lines = [as_json({"to": phone(number), "variables": {"first_name": "Ayşe"}}) + b"\n" for number in numbers]
    return [b"".join(lines[at : at + 2000]) for at in range(0, len(lines), 2000)]


async def stream(stand: Stand, batch: str, body: list[bytes]) -> None:
    """Post the recipients; everything is committed when this returns."""

    async def parts() -> AsyncIterator[bytes]:
        for part in body:
            yield part

    headers = {"content-type": "application/x-ndjson", "idempotency-key": secrets.token_hex(16)}
    answer = await stand.client.post(f"/v1/batches/{batch}/recipients", content=parts(), headers=headers)
    assert answer.is_success, answer.text


async def write_again(stand: Stand) -> tuple[float, float]:
    """COPY the last batch's rows once more into their tables: rows of `messages` per second, CPU seconds of all four.

    With ids of their own, because dead rows of the same ids would be looked at again in every index; and taken out
    afterwards, not before, because a page that is used again costs its summary for `person_id` anew.
    """
    batch = await stand.admin.fetchval("SELECT id FROM batches ORDER BY id DESC LIMIT 1")
    rate = cpu_s = 0.0
    for table, order in WRITTEN.items():
        held, again = BytesIO(), new_id()
        await stand.admin.execute(f"CREATE TEMP TABLE again AS SELECT * FROM {table} WHERE batch_id = '{batch}'")
        await stand.admin.execute(f"UPDATE again SET {order} = new_id(), batch_id = '{again}'")
        query = f"SELECT * FROM again ORDER BY {order}"
        told = await stand.admin.copy_from_query(query, output=held, format="binary")
        rows = int(told.rpartition(" ")[2])
        held.seek(0)
        before_s, began = stand.postgres_cpu_s(), time.perf_counter()
        await stand.admin.copy_to_table(table, schema_name="toplu", source=held, format="binary")
        if table == "messages":
            rate = rows / (time.perf_counter() - began)
        cpu_s += stand.postgres_cpu_s() - before_s
        await stand.admin.execute(f"DELETE FROM {table} WHERE batch_id = '{again}'")
        await stand.admin.execute("DELETE FROM seal_queue WHERE batch_id = $1", again)  # nobody would ever seal them
        await stand.admin.execute("DROP TABLE again")
    return rate, cpu_s


async def probe_again(stand: Stand) -> float:
    """CPU seconds for finding the last batch's numbers, people and consents, with nothing decided about them."""
    query = "SELECT recipient_hash FROM messages WHERE batch_id = (SELECT id FROM batches ORDER BY id DESC LIMIT 1)"
    hashes = [row[0] for row in await stand.admin.fetch(query)]
    before_s = stand.postgres_cpu_s()
    async with stand.admin.transaction():
        await stand.admin.execute("SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off")  # probes only
        for some in batches_of(hashes, CHUNK_ROWS):
            await stand.admin.fetch(PROBES, some, stand.tenant.id, CAMPAIGN)
    return stand.postgres_cpu_s() - before_s
