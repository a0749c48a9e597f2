"""Compare two accounts of the same batch, message by message: `python -m app.demo.reconcile TRUTH RESULTS`.

TRUTH is the sandbox's own log: what it accepted and which statuses were acknowledged. RESULTS is what the API streams
at `/v1/batches/{id}/results`. Everything must be told by both, once: a line too few, too many or changed on either side
is a difference, and then the exit code is 1. Meant for a sandbox that served one batch and told every status it had.
"""

import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from app.kit.ids import decode

Json = dict[str, Any]

CLIMB = ("sent", "delivered", "read")
NEVER_POSTED = ("refused", "expired", "cancelled")
CONFIRMATION = "confirm:"  # how the one answer to a STOP is marked; it belongs to no batch
MOST_SHOWN = 20


@dataclass(slots=True)
class Told:
    """What the sandbox's log says of one message."""

    kind: str
    template: str | None
    address_hash: str
    statuses: dict[str, int | None] = field(default_factory=dict)


@dataclass(slots=True)
class Truth:
    """The sandbox's log, read: messages by our id for them, who wrote by wamid; `odd` are lines that cannot be."""

    messages: dict[str, Told] = field(default_factory=dict)
    inbound: dict[str, str] = field(default_factory=dict)
    odd: list[str] = field(default_factory=list)


def main() -> None:
    """Print the differences, or that there are none."""
    truth = read_truth(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines())
    found = list(compare(truth, Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()))
    for difference in found[:MOST_SHOWN]:
        print(f"difference: {difference}")
    if len(found) > MOST_SHOWN:
        print(f"… and {len(found) - MOST_SHOWN} more")
    statuses = sum(len(told.statuses) for told in truth.messages.values())
    print(f"{len(truth.messages)} accepted messages and {statuses} statuses compared, {len(found)} differences")
    sys.exit(1 if found else 0)


def read_truth(lines: Iterable[str]) -> Truth:
    """Read the sandbox's log. A status must follow the acceptance of the same message, and nothing may come twice."""
    truth = Truth()
    wamids: dict[str, str] = {}
    for number, text in enumerate(lines, 1):
        try:
            line = json.loads(text)
            datetime.fromisoformat(line["at"])
            problem = _READERS[line["event"]](truth, wamids, line)
        except (ValueError, KeyError, TypeError) as error:
            problem = f"cannot be read ({type(error).__name__})"
        if problem:
            truth.odd.append(f"line {number} of the truth log {problem}")
    return truth


def _read_accepted(truth: Truth, wamids: dict[str, str], line: Json) -> str | None:
    opaque, wamid = line["opaque"], line["wamid"]
    if opaque in truth.messages or wamid in wamids:
        return "accepts a message a second time"
    if line["to_sha256"] != _hash_of_address(wamid):
        return "accepts a message to somebody else than its wamid says"
    wamids[wamid] = opaque
    truth.messages[opaque] = Told(line["type"], line.get("template"), line["to_sha256"])
    return None


def _read_status(truth: Truth, wamids: dict[str, str], line: Json) -> str | None:
    told = truth.messages.get(line["opaque"])
    if told is None or wamids.get(line["wamid"]) != line["opaque"]:
        return "is about a message that was not accepted"
    if line["status"] in told.statuses:
        return "tells a status a second time"
    if line["status"] not in (*CLIMB, "failed"):
        return "tells a status that is none"
    told.statuses[line["status"]] = line.get("code")
    return None


def _read_inbound(truth: Truth, _wamids: dict[str, str], line: Json) -> str | None:
    if line["wamid"] in truth.inbound:
        return "tells an inbound message a second time"
    truth.inbound[line["wamid"]] = line["from_sha256"]
    return None


def _hash_of_address(wamid: str) -> str:
    """The log's form of the address that the sandbox's wamids hold, as Meta's do: digits, in base64."""
    digits = re.search(rb"\d{7,15}", base64.b64decode(wamid.removeprefix("wamid."), validate=True))
    return hashlib.sha256(b"+" + digits[0] if digits else b"").hexdigest()


def _read_nothing(_truth: Truth, _wamids: dict[str, str], _line: Json) -> str | None:
    return None


_READERS: dict[str, Callable[[Truth, dict[str, str], Json], str | None]] = {
    "accepted": _read_accepted,
    "status": _read_status,
    "inbound": _read_inbound,
}
# How often and in which order something was told or refused changes nothing of what is true in the end.
_READERS |= dict.fromkeys(
    ("refused", "limited", "fault", "retry", "repeat", "reordered", "late", "duplicate"), _read_nothing
)


def compare(truth: Truth, result_lines: Iterable[str]) -> Iterator[str]:
    """Every difference, in words; none when both accounts agree."""
    yield from truth.odd
    try:
        results = _read_results(list(result_lines))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        yield f"the results are cut, cannot be read, or hold a message twice ({type(error).__name__})"
        return
    for opaque in truth.messages:
        if opaque not in results and not opaque.startswith(CONFIRMATION):
            yield f"the sandbox accepted {opaque}, and the results do not know it"
    for opaque, message in results.items():
        told = truth.messages.get(opaque)
        problem = _never_posted(message) if told is None else _posted(message, told)
        if problem:
            yield f"{message['id']}: {problem}"
    yield from _compare_stops(truth, results.values())


def _read_results(lines: list[str]) -> dict[str, Json]:
    """The messages by the id that WhatsApp was given. Raises when they are not as many as the last line promises."""
    summary = json.loads(lines[-1])
    messages = [json.loads(line) for line in lines[:-1]]
    by_opaque = {str(decode("msg", message["id"])): message for message in messages}
    if summary["type"] != "summary" or not summary["messages"] == len(messages) == len(by_opaque):
        raise ValueError
    return by_opaque


def _never_posted(message: Json) -> str | None:
    """What is wrong with a message that the sandbox never accepted."""
    if message["state"] in NEVER_POSTED:
        return None
    if message["state"] == "failed" and message["sent_at"] is None:
        return None
    return f"it is {message['state']}, and the sandbox never accepted it"


def _posted(message: Json, told: Told) -> str | None:
    """What is wrong with a message that the sandbox accepted."""
    state, statuses = message["state"], told.statuses
    if state not in (*CLIMB, "failed"):
        return f"it is {state}, and the sandbox accepted it"
    template = message["template"]
    if told.kind != "template" or told.template != f"{template['name']}/{template['language']}":
        return "the sandbox accepted another content"
    if state != _strongest(statuses):
        return f"it is {state}, and the sandbox told {sorted(statuses) or 'nothing'}"
    if state in CLIMB and "sent" not in statuses:
        return "its status sent is not in the truth log"
    if statuses.get("failed") is not None and statuses["failed"] != message["meta_code"]:
        return f"its code is {message['meta_code']}, and the sandbox told {statuses['failed']}"
    for status in ("delivered", "read", "failed"):
        if (message[f"{status}_at"] is not None) != (status in statuses):
            return f"only one of the two knows its status {status}"
    return None


def _strongest(statuses: Mapping[str, int | None]) -> str | None:
    """The state that a set of statuses comes to: `failed` gives way to `delivered`, as with several devices."""
    return next((status for status in ("read", "delivered", "failed", "sent") if status in statuses), None)


def _compare_stops(truth: Truth, messages: Iterable[Json]) -> Iterator[str]:
    """Nobody was written to twice; everybody who wrote STOP had one message waiting, and was answered once."""
    batch = [told for opaque, told in truth.messages.items() if not opaque.startswith(CONFIRMATION)]
    if len({told.address_hash for told in batch}) != len(batch):
        yield "the sandbox accepted two messages to the same person"
    stopped = sum(message["state"] == "refused" and message["reason"] == "suppressed" for message in messages)
    if stopped != len(truth.inbound):
        yield f"{len(truth.inbound)} people wrote, and {stopped} messages were stopped by it"
    answers = [told for opaque, told in truth.messages.items() if opaque.startswith(CONFIRMATION)]
    if sorted(told.address_hash for told in answers) != sorted(truth.inbound.values()):
        yield f"{len(truth.inbound)} people wrote, and others or another number ({len(answers)}) were answered"
    for told in answers:
        arrived = {"sent", "delivered"} <= told.statuses.keys() <= set(CLIMB) or told.statuses.keys() == {"failed"}
        if told.kind != "text" or not arrived:
            yield "the answer to a STOP was not delivered as a text"


if __name__ == "__main__":
    main()
