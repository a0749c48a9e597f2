"""A demo that ends before it is done: nothing of it stays."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.kit.servers import throwaway_data_dir
from tests.demo.conftest import ROOT, environment

pytestmark = pytest.mark.slow


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
