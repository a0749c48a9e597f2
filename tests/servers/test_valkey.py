"""Valkey from the wheel: started, refused, kept or forgotten, taken over, stopped."""

import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

from app.kit.servers import Valkey
from app.kit.servers.process import alive, launch_command
from app.kit.servers.programs import usable_valkey
from app.kit.servers.valkey import process_id


def ask(server: Valkey, *commands: str, password: str | None = None) -> list[str]:
    """Speak the plain protocol: one line per command, one line back."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as sock:
        file = sock.makefile("rw", encoding="utf-8", newline="")
        answers = []
        for command in [f"AUTH {server._password if password is None else password}", *commands]:
            file.write(f"{command}\r\n")
            file.flush()
            answers.append(file.readline().strip())
        return answers[1:] if password is None else answers


def test_it_answers_with_the_password_and_refuses_without(place: Path) -> None:
    with Valkey.start(place / "valkey") as server:
        good = ask(server, "PING")
        bad = ask(server, "PING", password="guessed")

    assert good == ["+PONG"]
    assert bad[0].startswith("-WRONGPASS")
    assert bad[1].startswith("-NOAUTH")


def test_it_listens_on_loopback_alone_and_evicts_nothing(place: Path) -> None:
    with Valkey.start(place / "valkey") as server:
        configuration = (place / "valkey" / "valkey.conf").read_text()

    assert "bind 127.0.0.1\n" in configuration
    assert "maxmemory-policy noeviction\n" in configuration
    assert (place / "valkey" / "valkey.conf").stat().st_mode & 0o777 == 0o600
    assert not server.running


@pytest.mark.parametrize(("durable", "kept"), [(True, "$2"), (False, "$-1")])
def test_a_restart_keeps_what_was_to_be_durable(place: Path, durable: bool, kept: str) -> None:
    with Valkey.start(place / "valkey", durable=durable) as first:
        ask(first, "SET key 42")

    with Valkey.start(place / "valkey", durable=durable) as second:
        answer = ask(second, "GET key")

    assert answer == [kept]


def test_the_password_is_in_no_process_list(place: Path) -> None:
    with Valkey.start(place / "valkey") as server:
        command = Path(f"/proc/{server.pid}/cmdline")
        if not command.exists():
            pytest.skip("needs /proc to see a command line")
        words = command.read_text()

    assert server._password not in words


def test_an_orphan_is_stopped_before_a_new_one_starts(place: Path) -> None:
    with Valkey.start(place / "valkey") as first:
        pass
    words = [str(usable_valkey(first._place)), str(place / "valkey" / "valkey.conf")]
    with subprocess.Popen(
        launch_command(words, first._place.account, signal.SIGCONT), cwd="/", stdout=subprocess.DEVNULL
    ) as orphan:
        while process_id(first.port, first._password) is None:
            time.sleep(0.02)

        with Valkey.start(place / "valkey") as second:
            answer = ask(second, "PING")

        code = orphan.wait()

    assert code == 0
    assert answer == ["+PONG"]


def test_a_server_outlives_the_thread_that_started_it(place: Path) -> None:
    started: list[Valkey] = []
    thread = threading.Thread(target=lambda: started.append(Valkey.start(place / "valkey")))
    thread.start()
    thread.join()

    with started[0] as server:
        answer = ask(server, "PING")
        time.sleep(0.2)  # the death signal, had it been sent, needs a moment to end the process

        assert answer == ["+PONG"]
        assert server.running


def test_stop_leaves_no_process(place: Path) -> None:
    server = Valkey.start(place / "valkey")
    pid = server.pid

    server.stop()
    server.stop()

    assert not alive(pid)
