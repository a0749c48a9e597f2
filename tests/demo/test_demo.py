"""The demo as a whole, in small."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kit.servers import throwaway_data_dir
from tests.demo.conftest import ROOT, Demo, environment

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


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


def test_it_refuses_a_whatsapp_that_is_not_on_this_machine() -> None:
    with throwaway_data_dir() as temporary:
        done = subprocess.run(
            [sys.executable, "-m", "app.demo"],
            cwd=ROOT,
            env=environment(temporary, TOPLU_WHATSAPP_URL="https://graph.facebook.com"),
            capture_output=True,
            text=True,
        )
        made = list(temporary.iterdir())

    assert 1 == done.returncode
    assert "TOPLU_WHATSAPP_URL" in done.stderr
    assert [] == made


@pytest.fixture
def temporary() -> Iterator[Path]:
    with throwaway_data_dir() as folder:
        yield folder


def test_ctrl_c_stops_everything_and_removes_it(temporary: Path) -> None:
    with (temporary.parent / f"{temporary.name}.log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.demo", "--rows", "200"],
            cwd=ROOT,
            env=environment(temporary),
            stdout=log,
            stderr=log,
        )
        await_text(log.name, "streamed 200 rows", process)
        process.send_signal(signal.SIGINT)
        code = process.wait(60)
    Path(log.name).unlink()

    assert 130 == code
    assert [] == list(temporary.iterdir())
    assert [] == processes_in(temporary)


def await_text(file: str, wanted: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while wanted not in Path(file).read_text():
        assert process.poll() is None, Path(file).read_text()
        assert time.monotonic() < deadline, Path(file).read_text()
        time.sleep(0.1)


def processes_in(folder: Path) -> list[str]:
    """Command lines of processes that name the folder."""
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = line.read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if str(folder) in words:
            found.append(words)
    return found
