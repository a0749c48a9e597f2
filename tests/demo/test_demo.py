"""The demo as a whole, in small, and the comparison: whatever is changed in one of the two accounts is seen."""

import json
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app.demo.reconcile import CONFIRMATION, compare, read_truth
from tests.demo.conftest import ROOT, Demo

pytestmark = pytest.mark.slow

Lines = list[str]

OTHER_STATUS = {"sent": "read", "delivered": "failed", "read": "delivered", "failed": "sent"}


def flip(lines: Lines, at: int) -> None:
    """Change what the line says: another status, another message, somebody else."""
    line: dict[str, Any] = json.loads(lines[at])
    match line["event"]:
        case "status":
            line["status"] = OTHER_STATUS[line["status"]]
        case "accepted":
            line["opaque"] = "01a204d0-b0ee-77a4-96c9-000000000000"
        case _:
            line["from_sha256"] = "0" * 64
    lines[at] = json.dumps(line)


def drop(lines: Lines, at: int) -> None:
    del lines[at]


def double(lines: Lines, at: int) -> None:
    lines.insert(at, lines[at])


CHANGES = [flip, drop, double]


def telling(lines: Lines) -> list[int]:
    """Where the lines stand that say what is true in the end; the others say on which way it came about."""
    return [at for at, text in enumerate(lines) if json.loads(text)["event"] in ("accepted", "status", "inbound")]


def kinds(lines: Lines) -> dict[str, int]:
    """One line of each kind: where it stands."""
    places = {}
    for at in telling(lines):
        line = json.loads(lines[at])
        answer = "answer " if line.get("opaque", "").startswith(CONFIRMATION) else ""
        places[f"{answer}{line['event']} {line.get('status', '')}".strip()] = at
    # Nobody is told whether the answer to a STOP was read, so a lost line about it is no difference.
    places.pop("answer status read", None)
    return places


def test_it_reconciles_every_message_of_the_list_and_says_so_last(demo: Demo) -> None:
    last = demo.printed.splitlines()[-1]

    found = re.fullmatch(r"demo: total=200 sent=(\d+) failed=(\d+) refused=(\d+) uncertain=0 reconciled=yes", last)

    assert 0 == demo.code, demo.printed
    assert found is not None, demo.printed
    assert 200 == sum(map(int, found.groups()))


def test_it_answers_why_and_obeys_the_stop(demo: Demo) -> None:
    stopped = demo.printed.partition("the message of the person who wrote STOP")[2]

    questions = demo.printed.count("\nwhy? ")

    assert 3 == questions
    assert "refused (suppressed)" in stopped
    assert "sending" not in stopped


def test_it_proves_what_it_did_with_sequence_root_and_checkpoint(demo: Demo) -> None:
    proof = demo.printed.partition("proof, by `toplu audit verify`")[2]

    found = re.search(r"sequence    (\d+)\n +root        [0-9a-f]{64}\n +checkpoint  (\d+) time ", proof)

    assert found is not None, demo.printed
    assert found[1] == found[2]
    assert "decisions   200 recomputed" in proof
    assert "The chain holds." in proof


def test_it_leaves_nothing_behind(demo: Demo) -> None:
    assert [] == demo.left_behind


def test_two_accounts_of_the_same_batch_agree(demo: Demo) -> None:
    done = reconcile(demo.truth, demo.results)

    assert 0 == done.returncode, done.stdout
    assert done.stdout.endswith(" 0 differences\n")


@pytest.mark.parametrize("change", CHANGES)
def test_one_line_changed_is_exit_1(demo: Demo, tmp_path: Path, change: Callable[[Lines, int], None]) -> None:
    lines = demo.truth.read_text().splitlines()
    change(lines, random.choice([at for at in telling(lines) if CONFIRMATION not in lines[at]]))
    changed = tmp_path / "truth.ndjson"
    changed.write_text("\n".join(lines) + "\n")

    done = reconcile(changed, demo.results)

    assert 1 == done.returncode
    assert done.stdout.startswith("difference: ")


@pytest.mark.parametrize("change", CHANGES)
def test_no_kind_of_line_can_be_changed_unseen(demo: Demo, change: Callable[[Lines, int], None]) -> None:
    lines, results = demo.truth.read_text().splitlines(), demo.results.read_text().splitlines()
    unseen = []

    for kind, at in kinds(lines).items():
        changed = list(lines)
        change(changed, at)
        if not list(compare(read_truth(changed), results)):
            unseen.append(kind)

    assert [] == unseen
    assert {"accepted", "inbound", "answer accepted", "status sent", "status delivered", "status read"} <= set(
        kinds(lines)
    )


@pytest.mark.parametrize("change", [drop, double])
def test_no_result_can_be_dropped_or_doubled_unseen(demo: Demo, change: Callable[[Lines, int], None]) -> None:
    lines, results = demo.truth.read_text().splitlines(), demo.results.read_text().splitlines()
    change(results, random.randrange(len(results)))

    differences = list(compare(read_truth(lines), results))

    assert 1 == len(differences)


@pytest.mark.parametrize(
    "state", ["queued", "sending", "uncertain", "refused", "expired", "cancelled", "failed", "sent"]
)
def test_a_message_that_was_read_can_be_nothing_else(demo: Demo, state: str) -> None:
    lines, results = demo.truth.read_text().splitlines(), demo.results.read_text().splitlines()
    at = next(at for at, text in enumerate(results) if '"state":"read"' in text)
    results[at] = results[at].replace('"state":"read"', f'"state":"{state}"')

    differences = list(compare(read_truth(lines), results))

    assert 1 == len(differences)


def test_on_which_way_it_came_about_is_no_difference(demo: Demo) -> None:
    lines, results = demo.truth.read_text().splitlines(), demo.results.read_text().splitlines()
    at = json.loads(lines[0])["at"]
    for event in ("refused", "limited", "fault", "retry", "repeat", "reordered", "late", "duplicate"):
        lines.insert(random.randrange(len(lines)), json.dumps({"at": at, "event": event, "opaque": "somebody"}))

    assert [] == list(compare(read_truth(lines), results))


def test_what_cannot_be_read_is_a_difference(demo: Demo, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("{\n")

    codes = [reconcile(broken, demo.results).returncode, reconcile(demo.truth, broken).returncode]

    assert [1, 1] == codes


def reconcile(truth: Path, results: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.demo.reconcile", str(truth), str(results)], cwd=ROOT, capture_output=True, text=True
    )
