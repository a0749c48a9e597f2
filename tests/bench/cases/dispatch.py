"""Dispatch: a queue of messages to a WhatsApp that costs nothing, by one real worker, with the gate and the log.

References: the same transport in a bare loop with as many connections, and the design most people write (`usual`). The
pace is lifted.
"""

import asyncio
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import UUID

from tests.bench.cases.accept import draft, recipients_of, stream
from tests.bench.measure import Line, in_turns, line_of
from tests.bench.stand import Stand, free_port
from tests.bench.usual import Tuned, measure_usual
from tests.worker_process import ROOT

IN_FLIGHT = 32  # connections, ours and the bare loop's: more only make the turns of the loop longer (2026-11)
TUNED = Tuned()
PATIENCE_S = 300.0  # for one batch; then something is broken, and waiting longer shows nothing
SENDING = """
SELECT count(*) FILTER (WHERE e.kind = 'sent') AS sent,
       extract(epoch FROM max(e.at) FILTER (WHERE e.kind = 'sent')
                          - min(e.at) FILTER (WHERE e.kind = 'sending')) AS took_s
  FROM delivery_events AS e JOIN messages AS m ON m.id = e.message_id WHERE m.batch_id = $1
"""


@dataclass(frozen=True, slots=True)
class Sent:
    """One batch, sent: messages per second, and CPU per message in microseconds."""

    rate: float
    worker_us: float
    postgres_us: float


@contextmanager
def free_server(delay_ms: int = 0, certificate: tuple[Path, Path] | None = None) -> Iterator[str]:
    """A near-free WhatsApp in its own process."""
    port = free_port()
    words = [sys.executable, "-m", "tests.bench.free_server", str(port), str(delay_ms), *map(str, certificate or ())]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
        finally:
            process.terminate()


async def measure(stand: Stand, *, messages: int, known: int, rounds: int, usual: int) -> list[Line]:
    """Messages per second: ours, the bare loop's, the usual design's."""
    await lift_pace(stand)
    runs: list[Sent] = []
    with free_server() as url:

        async def ours() -> float:
            runs.append(await send(stand, url, messages, known, whatsapp_connections=IN_FLIGHT))
            return runs[-1].rate

        async def bare() -> float:
            words = [sys.executable, "-m", "tests.bench.bare_loop", url, str(messages), str(IN_FLIGHT)]
            done = await asyncio.to_thread(subprocess.run, words, cwd=ROOT, capture_output=True, text=True, check=True)
            return float(done.stdout)

        mine, theirs, slow = await in_turns(ours, bare, lambda: measure_usual(stand, url, usual, TUNED), rounds=rounds)
    worker, postgres = (median(run.worker_us for run in runs), median(run.postgres_us for run in runs))
    note = f"CPU per message: worker {worker:.0f} us, PostgreSQL {postgres:.0f} us; {IN_FLIGHT} connections"
    goal = ">= 4,000/s, >= 0.65x"
    return [
        line_of("dispatch", "messages/s", mine, theirs, reference_name="bare loop", goal=goal, note=note),
        line_of(
            "dispatch vs usual",
            "messages/s",
            mine,
            slow,
            reference_name="arq job each, ORM",
            goal=">= 20x",
            note=f"{usual:,} messages by {TUNED}",
        ),
    ]


async def lift_pace(stand: Stand) -> None:
    """Meta's fastest number sends 1,000 a second, and the database knows; here it is told otherwise."""
    await stand.admin.execute("ALTER TABLE senders DROP CONSTRAINT IF EXISTS senders_messages_per_second_check")
    await set_pace(stand, 1_000_000)


async def set_pace(stand: Stand, per_second: int) -> None:
    """What every sender may send from now on; a worker that holds a line already does not hear of it."""
    await stand.admin.execute("UPDATE senders SET messages_per_second = $1", per_second)


async def send(stand: Stand, url: str, messages: int, known: int, **more: object) -> Sent:
    """Queue a batch, let one worker send it; the rate counts between its first claim and its last answer."""
    found, batch = await queue(stand, messages, known)
    with stand.worker(whatsapp_url=url, poll_s=0.2, **more) as worker:
        await asyncio.sleep(2)  # it has begun, and found nothing
        before, postgres_before = worker.cpu_s(), stand.postgres_cpu_s()
        answer = await stand.client.post(f"/v1/batches/{batch}/start")
        assert answer.is_success, answer.text
        await until_sent(stand, batch)
        cpu_s, postgres_s = worker.cpu_s() - before, stand.postgres_cpu_s() - postgres_before
    sent, took_s = await sending(stand, found)
    return Sent(sent / took_s, cpu_s / sent * 1e6, postgres_s / sent * 1e6)


async def sending(stand: Stand, batch: UUID) -> tuple[int, float]:
    """How many of a batch were sent, and in how many seconds: by the log, from its first claim to its last answer."""
    told = await stand.admin.fetchrow(SENDING, batch, timeout=600)
    assert told is not None
    return told["sent"], float(told["took_s"])


async def queue(stand: Stand, messages: int, known: int) -> tuple[UUID, str]:
    """A batch that could start: its id in the database, and at the edge."""
    batch = await draft(stand)
    await stream(stand, batch, list(recipients_of(messages, known, seed=int(time.time()))))
    found: UUID = await stand.admin.fetchval("SELECT id FROM batches ORDER BY id DESC LIMIT 1")
    await stand.admin.execute("ANALYZE dispatch, messages")  # as autovacuum would
    return found, batch


async def until_sent(stand: Stand, batch: str, *, patience_s: float = PATIENCE_S) -> None:
    """Wait until nothing of a batch is queued or under way. Raises TimeoutError with what still is."""
    deadline = time.monotonic() + patience_s
    while True:
        body = (await stand.client.get(f"/v1/batches/{batch}")).json()
        if not {"queued", "sending"} & body["counts"].keys():
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{batch} is not sent after {patience_s:.0f} s: {body['counts']}")
        await asyncio.sleep(0.25)


def make_certificate(place: Path) -> tuple[Path, Path]:
    """A self-signed certificate for the machine itself."""
    certificate, key = place / "cert.pem", place / "key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    words += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run([*words, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    ssl.create_default_context().load_verify_locations(certificate)
    return certificate, key
