"""Accept: one NDJSON stream over HTTP, to committed and decided rows.

Reference: the same rows of `messages`, as binary COPY, into the same table with the same indexes. That is less than
half of what is written: the queue, the refused rows' outcomes and the members of the batch come on top.
"""

import random
import secrets
import time
from collections.abc import AsyncIterator
from io import BytesIO

from tests.bench.measure import Line, in_turns, line_of
from tests.bench.seed import phone
from tests.bench.stand import Stand, as_json
from tests.furnish import MARKETING

UNKNOWN_SHARE = 0.05  # with the withdrawn 5 % of those who are known: nine of ten are allowed


async def measure(stand: Stand, *, recipients: int, known: int, rounds: int) -> list[Line]:
    """Recipients per second, ours and the bare COPY's."""
    last: list[str] = []

    async def ours() -> float:
        batch = await draft(stand)
        last[:] = [batch]
        body = list(recipients_of(recipients, known))
        began = time.perf_counter()
        await stream(stand, batch, body)
        return recipients / (time.perf_counter() - began)

    async def copied() -> float:
        return await copy_again(stand, last[0])

    mine, theirs = await in_turns(ours, copied, rounds=rounds)
    name = "raw COPY of the messages"
    goal = ">= 60,000/s, >= 0.15x"
    return [line_of("accept", "recipients/s", mine, theirs, reference_name=name, goal=goal)]


async def draft(stand: Stand) -> str:
    """A batch without recipients."""
    body = {
        "sender": stand.tenant.sender,
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


async def copy_again(stand: Stand, batch: str) -> float:
    """Rows per second of a COPY that writes the batch's messages once more, after they were taken out."""
    held = BytesIO()
    found = await stand.admin.fetchval("SELECT id FROM batches ORDER BY id DESC LIMIT 1")
    await stand.admin.copy_from_query(
        "SELECT * FROM messages WHERE batch_id = $1 ORDER BY id", found, output=held, format="binary"
    )
    deleted = await stand.admin.execute("DELETE FROM messages WHERE batch_id = $1", found)
    rows = int(deleted.rpartition(" ")[2])
    held.seek(0)
    began = time.perf_counter()
    await stand.admin.copy_to_table("messages", schema_name="toplu", source=held, format="binary")
    return rows / (time.perf_counter() - began)
