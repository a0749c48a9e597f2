"""The demo from its first consent to its last reconciled message."""

import csv
import itertools
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.demo.caller import Caller, Json
from app.demo.errors import DemoFailed
from app.demo.generate import CONSENTS, PURPOSE, RECIPIENTS
from app.demo.show import Ending, Screen
from app.demo.stack import Stack, environment

TEMPLATE = {"name": "autumn_offer", "language": "tr"}
STOP_WORD = "İPTAL"
CONSENT_ROWS = 2000  # per call
LOOK_S = 0.25
SEAL_S = 30.0  # for the last decisions after the last outcome
SETTLE_S = 60.0  # for the last statuses after the last message
# A person's phone, roughly: two in a hundred messages fail at the far end, and six in ten are read at once.
KNOBS = {
    "latency_ms": 60,
    "latency_jitter_ms": 60,
    "delay_sent_s": 0.1,
    "delay_delivered_s": 0.5,
    "delay_read_s": 1.5,
    "delay_jitter": 0.3,
    "read_share": 0.6,
    "failed_shares": {"131026": 0.006, "131049": 0.004},
}


@dataclass(frozen=True, slots=True)
class Sent:
    """The batch that was sent, and the row of the person who stopped it."""

    batch: Json
    stopped_row: int


def run(stack: Stack, caller: Caller, screen: Screen, *, rows: int, rate: int, results: Path) -> Ending:
    """Consents, list, send with a STOP in the middle, every status, and both accounts compared."""
    caller.turn_sandbox(**KNOBS, throughput_per_s=rate)
    caller.patch(f"/v1/senders/{stack.sender}", {"messages_per_second": rate})
    _record_consents(stack, caller, screen, rows)
    batch = _upload(stack, caller, screen, rows)
    sent = _send(caller, screen, batch, rows)
    _await_statuses(caller, screen, stack, sent.batch["id"])
    caller.save(f"/v1/batches/{batch['id']}/results", results)
    proof = caller.get(f"/v1/batches/{batch['id']}/reconciliation")
    reconciled = _reconcile(screen, Path(stack.truth), results)
    messages = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()][:-1]
    ending = Ending(rows, messages, proof, reconciled, sent.stopped_row, _pace(Path(stack.truth)))
    screen.show(ending)
    _prove(stack, screen)
    for title, message in ending.examples():
        screen.explain(title, message, caller.get(f"/v1/messages/{message['id']}/events")["data"])
    return ending


def _record_consents(stack: Stack, caller: Caller, screen: Screen, rows: int) -> None:
    """What the people on the list once agreed to: a consent and an approval each; then who took it back."""
    listed = {row["to"] for row in _read(RECIPIENTS, rows)}
    acts = [act for act in _read(CONSENTS) if act["to"] in listed]
    given = [consent for act in acts if act["act"] == "given" for consent in _both_records(stack, act)]
    for at in range(0, len(given), CONSENT_ROWS):
        caller.post("/v1/consents", {"consents": given[at : at + CONSENT_ROWS]})
    withdrawn = [{"to": act["to"]} for act in acts if act["act"] == "withdrawn"]
    if withdrawn:
        taken_back = {"people": withdrawn, "purposes": [PURPOSE], "channel": "web_form"}
        caller.post("/v1/consents/withdraw", taken_back)
    screen.say(f"recorded {len(given)} consents and approvals, and {len(withdrawn)} withdrawals")


def _read(file: Path, rows: int | None = None) -> list[dict[str, str]]:
    """The first rows of a shipped list, or all of them."""
    with file.open(encoding="utf-8", newline="") as lines:
        return list(itertools.islice(csv.DictReader(lines), rows))


def _both_records(stack: Stack, act: dict[str, str]) -> Iterator[Json]:
    """The consent (Law 6698) and the approval of commercial messages (Law 6563): two acts, asked for apart."""
    moment = datetime.now(UTC) - timedelta(days=30)
    shared = {
        "to": act["to"],
        "purpose": act["purpose"],
        "act": "given",
        "channel": "web_form",
        "method": "checkbox",
        "occurred_at": moment.isoformat(),
    }
    yield shared | {"notice_version_id": stack.notice_version}
    iys = {"transaction_id": f"DEMO-{act['to'][-4:]}", "date": moment.date().isoformat()}
    yield shared | {"kind": "commercial_approval", "iys": iys}


def _upload(stack: Stack, caller: Caller, screen: Screen, rows: int) -> Json:
    wanted = {"sender": stack.sender, "template": TEMPLATE, "purpose": PURPOSE, "on_invalid": "skip"}
    batch = caller.post("/v1/batches", wanted)
    with RECIPIENTS.open("rb") as lines:
        taken = caller.stream_csv(f"/v1/batches/{batch['id']}/recipients", itertools.islice(lines, rows + 1))
    refused = taken["counts"].get("refused", 0)
    screen.say(
        f"streamed {taken['rows']} rows: {taken['counts'].get('queued', 0)} may be written to, {refused} may not"
    )
    return batch


def _send(caller: Caller, screen: Screen, batch: Json, rows: int) -> Sent:
    """Start, watch, and in the middle let the last person in the queue write STOP."""
    place = f"/v1/batches/{batch['id']}"
    row, number = _last_in_line(rows)
    queued = caller.get(place)["counts"].get("queued", 0)
    caller.post(f"{place}/start")
    stopped = False
    with screen.progress(queued) as progress:
        while (batch := caller.get(place))["state"] != "completed":
            if batch["state"] not in ("running", "scheduled"):
                raise DemoFailed(f"The batch is {batch['state']} ({batch['state_reason']}).")
            waiting = batch["counts"].get("queued", 0) + batch["counts"].get("sending", 0)
            progress(queued - waiting)
            if not stopped and waiting <= queued * 0.55:
                caller.write_as(number, STOP_WORD)
                screen.say(f"somebody still in the queue wrote {STOP_WORD}")
                stopped = True
            time.sleep(LOOK_S)
        progress(queued)
    return Sent(batch, row)


def _last_in_line(rows: int) -> tuple[int, str]:
    """Row and number of the last person who agreed and comes up for the first time there: their turn comes last."""
    acts = Counter((act["to"], act["purpose"]) for act in _read(CONSENTS))
    last, seen = (0, ""), set()
    for number, row in enumerate(_read(RECIPIENTS, rows), 2):  # the header is row 1
        if acts[row["to"], PURPOSE] == 1 and row["to"] not in seen:  # given, and not withdrawn
            last = (number, row["to"])
        seen.add(row["to"])
    return last


def _await_statuses(caller: Caller, screen: Screen, stack: Stack, batch: str) -> None:
    """Wait until nothing is under way in the sandbox and the API has applied every status of the truth log."""
    screen.say("waiting for the last statuses")
    deadline = time.monotonic() + SETTLE_S
    while time.monotonic() < deadline:
        if caller.sandbox_state()["pending_webhooks"] == 0:
            counts = caller.get(f"/v1/batches/{batch}")["counts"]
            if all(counts.get(state, 0) == n for state, n in _states_told(Path(stack.truth)).items()):
                return
        time.sleep(LOOK_S)
    screen.say("some statuses of the truth log are still not applied")


def _states_told(truth: Path) -> dict[str, int]:
    """How many messages of the batch end where, after the sandbox's log."""
    strongest: dict[str, str] = {}
    order = ("sent", "failed", "delivered", "read")
    for line in map(json.loads, truth.read_text(encoding="utf-8").splitlines()):
        if line["event"] == "status" and not line["opaque"].startswith("confirm:"):
            before = strongest.get(line["opaque"], "sent")
            strongest[line["opaque"]] = max(before, line["status"], key=order.index)
    return dict.fromkeys(order, 0) | Counter(strongest.values())


def _reconcile(screen: Screen, truth: Path, results: Path) -> bool:
    """Let another process compare both accounts."""
    words = [sys.executable, "-P", "-m", "app.demo.reconcile", str(truth), str(results)]
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    for line in (done.stdout + done.stderr).splitlines():
        screen.say(f"reconcile: {line}")
    return done.returncode == 0


def _prove(stack: Stack, screen: Screen) -> None:
    """Let `toplu audit verify` recompute the chain of what was just done, once a checkpoint covers all of it."""
    data_dir = str(Path(stack.folder) / "data")
    words = [sys.executable, "-P", "-m", "app", "audit", "verify", "--data-dir", data_dir]
    deadline = time.monotonic() + SEAL_S
    while True:
        done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
        if done.returncode or _is_covered(done.stdout) or time.monotonic() > deadline:
            break
        time.sleep(LOOK_S)
    screen.prove((done.stdout + done.stderr).splitlines())


def _is_covered(told: str) -> bool:
    """Nothing waits to be sealed, and the newest checkpoint is of the whole chain: one is signed every ten seconds."""
    first = dict(line.split()[:2] for line in told.splitlines() if len(line.split()) > 1)
    return first.get("waiting") == "0" and first.get("checkpoint") == first.get("sequence")


def _pace(truth: Path) -> tuple[int, float]:
    """How many messages the sandbox accepted, and in how many seconds, by its own clock."""
    lines = map(json.loads, truth.read_text(encoding="utf-8").splitlines())
    moments = [
        datetime.fromisoformat(line["at"])
        for line in lines
        if line["event"] == "accepted" and not line["opaque"].startswith("confirm:")
    ]
    return len(moments), (max(moments) - min(moments)).total_seconds() if moments else 0.0
