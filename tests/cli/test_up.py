"""`toplu up`: one process tree over a data directory that outlives it, however it ends."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from app.kit.servers import throwaway_data_dir
from tests.cli.conftest import Running, environment, toplu, up

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    """One stack for the tests that leave it as they found it."""
    with throwaway_data_dir() as folder, up(folder) as stack:
        yield stack
        stack.stop()


def test_a_folder_survives_kill_9_and_sigterm_leaves_nothing_running(folder: Path) -> None:
    with up(folder) as first:
        key = first.told["key"]
        senders = ask(first, key, "/v1/senders")
        first.process.kill()
        first.process.wait()

        with up(folder) as second:
            again = ask(second, key, "/v1/senders")
            pids = second.children
            ended = second.stop()

    assert key in first.printed
    assert senders == again
    assert second.told["key"] is None
    assert "tpl_live_" not in second.printed
    assert 0 == ended
    assert len(pids) >= 5  # PostgreSQL, Valkey, sandbox, API, worker
    assert [] == [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert [] == list((folder / "data").glob("*environment"))


def test_a_part_that_dies_is_begun_again(running: Running) -> None:
    worker = child(running, "worker")
    assert worker is not None

    os.kill(worker, signal.SIGKILL)

    await_that(lambda: child(running, "worker") not in (None, worker))


def test_valkey_that_dies_is_begun_again_where_it_was(running: Running) -> None:
    before = child(running, "valkey-server")
    assert before is not None

    os.kill(before, signal.SIGKILL)

    await_that(lambda: child(running, "valkey-server") not in (None, before))
    await_that(lambda: "ok    Valkey answers" in toplu("doctor", "--data-dir", str(running.data_dir)).stdout)
    assert httpx.get(running.told["url"] + "/livez", trust_env=False).is_success


def test_a_second_worker_runs_by_the_file_that_is_left_for_it(running: Running) -> None:
    file = shlex.quote(str(running.data_dir / "worker.environment"))
    words = f"set -a; . {file}; exec {shlex.join([sys.executable, '-m', 'app', 'worker'])}"

    second = subprocess.Popen(["sh", "-c", words], cwd="/", env=environment(), stdout=subprocess.PIPE, text=True)
    try:
        assert second.stdout is not None
        begun = next((line for line in second.stdout if "worker.begun" in line), "")
    finally:
        second.terminate()
        second.communicate(timeout=30)

    assert "worker.begun" in begun
    assert "toplu_worker_login" in (running.data_dir / "worker.environment").read_text()


def test_the_printed_command_makes_a_key_that_opens(running: Running) -> None:
    found = re.search(r"another: (.*)", running.printed)
    assert found is not None

    made = subprocess.run(shlex.split(found[1]), cwd="/", env=environment(), capture_output=True, text=True)

    assert 200 == status(running, made.stdout.strip(), "/v1/senders"), made.stderr


def test_other_commands_find_what_runs_and_the_doctor_is_content(running: Running) -> None:
    place = str(running.data_dir)

    doctor = toplu("doctor", "--data-dir", place)
    init = toplu("init", "--data-dir", place)
    created = toplu("keys", "create", "--name", "reader", "--scopes", "senders:read", "--data-dir", place)
    retention = toplu("retention", "run", "--dry-run", "--data-dir", place)

    assert 0 == doctor.returncode, doctor.stdout + doctor.stderr
    assert "BAD" not in doctor.stdout
    assert 0 == init.returncode
    assert "It exists already" in init.stdout
    assert "Nothing was destroyed: this only looked.\n" == retention.stdout, retention.stderr
    key = created.stdout.strip()
    assert [200, 403] == [status(running, key, path) for path in ("/v1/senders", "/v1/templates")]


def test_secrets_are_for_their_owner_only(running: Running) -> None:
    files = [path for path in running.data_dir.rglob("*") if path.is_file() and "programs" not in path.parts]

    readable = [path for path in files if path.stat().st_mode & 0o077]

    assert {"master.key", "environment", "worker.environment", "api.log"} <= {path.name for path in files}
    assert [] == readable


def test_a_lost_master_key_is_not_made_anew(folder: Path) -> None:
    (folder / "postgres" / "pgdata").mkdir(parents=True)

    refused = toplu("up", "--port", "0", "--data-dir", str(folder))

    assert 1 == refused.returncode
    assert "master.key is gone" in refused.stderr


def test_a_file_that_holds_no_master_key_is_told_in_one_line(folder: Path) -> None:
    (folder / "master.key").write_text("hello\n")

    refused = toplu("up", "--port", "0", "--data-dir", str(folder))

    assert 1 == refused.returncode
    assert 1 == refused.stderr.count("\n")
    assert "master.key holds no master key" in refused.stderr


def ask(running: Running, key: str, path: str) -> object:
    answer = httpx.get(running.told["url"] + path, headers={"Authorization": f"Bearer {key}"}, trust_env=False)
    answer.raise_for_status()
    return answer.json()["data"]


def status(running: Running, key: str, path: str) -> int:
    url = running.told["url"] + path
    return httpx.get(url, headers={"Authorization": f"Bearer {key}"}, trust_env=False).status_code


def child(running: Running, word: str) -> int | None:
    for pid in running.children:
        try:
            command = Path(f"/proc/{pid}/cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError):  # it ended since it was listed
            continue
        if word in command.replace("/", "\0").replace(" ", "\0").split("\0"):  # or the last part of a path
            return pid
    return None


def await_that(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.1)
