"""PostgreSQL from the wheel: started, refused, kept, taken over, stopped."""

import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from app.kit.servers import FAST_AND_FORGETFUL, Postgres, ServerError, directory
from app.kit.servers.process import alive, launch_command
from app.kit.servers.programs import usable_postgres

Begin = Callable[[Path], subprocess.Popen[str]]


@pytest.fixture
def postgres(place: Path) -> Iterator[Postgres]:
    with Postgres.start(place / "postgres", settings=FAST_AND_FORGETFUL) as server:
        yield server


def gone(pid: int, patience_s: float = 20) -> bool:
    deadline = time.monotonic() + patience_s
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


@pytest.mark.anyio
async def test_the_url_opens_a_connection_and_a_wrong_password_does_not(postgres: Postgres) -> None:
    connection = await asyncpg.connect(postgres.admin_url)
    version = await connection.fetchval("show server_version_num")
    await connection.close()

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.url("postgres", password="guessed"))
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            user="postgres", password="guessed", host=str(postgres.data_dir / "run"), port=postgres.port
        )

    assert version.startswith("18")


@pytest.mark.anyio
async def test_a_role_made_with_its_password_connects_with_its_url(postgres: Postgres) -> None:
    postgres.sql(f"create role reader login password '{postgres.password_of('reader')}'")

    connection = await asyncpg.connect(postgres.url("postgres", "reader"))
    user = await connection.fetchval("select current_user")
    await connection.close()

    assert user == "reader"


def test_text_is_utf8_and_sorted_by_the_built_in_order(postgres: Postgres) -> None:
    found = postgres.sql(
        "select pg_encoding_to_char(encoding), datlocprovider, datlocale, upper('ş')"
        " from pg_database where datname = 'template1'"
    )

    assert found == "UTF8|b|C.UTF-8|Ş"


def test_nobody_but_the_account_gets_into_its_folders(postgres: Postgres) -> None:
    run = postgres.data_dir / "run"
    password = postgres.data_dir / "postgres.password"

    modes = [stat.S_IMODE(path.stat().st_mode) for path in (postgres.data_dir, run, password)]

    assert modes == [0o700, 0o700, 0o600]
    assert password.stat().st_uid != 0 or os.geteuid() != 0


def test_the_server_is_never_root(postgres: Postgres) -> None:
    if not Path("/proc").exists():
        pytest.skip("needs /proc to see whose a process is")

    owner = Path(f"/proc/{postgres.pid}").stat().st_uid

    assert owner != 0
    assert owner == postgres.data_dir.stat().st_uid


def test_a_restart_keeps_the_data_and_the_password(place: Path) -> None:
    with Postgres.start(place / "postgres") as first:
        first.sql("create table kept as select 42 as answer")
        secret = first.password_of("postgres")

    with Postgres.start(place / "postgres") as second:
        answer = second.sql("select answer from kept")

    assert answer == "42"
    assert secret == second.password_of("postgres")


def test_stop_leaves_no_process_and_may_be_repeated(place: Path) -> None:
    server = Postgres.start(place / "postgres", settings=FAST_AND_FORGETFUL)
    pid = server.pid
    backends = [int(line) for line in server.sql("select pid from pg_stat_activity").splitlines()]

    server.stop()
    server.stop()

    assert not server.running
    assert [] == [one for one in [pid, *backends] if not gone(one)]


def test_a_taken_port_becomes_another(place: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]

        with Postgres.start(place / "postgres", port=taken, settings=FAST_AND_FORGETFUL) as server:
            answer = server.sql("select 1")

    assert answer == "1"
    assert server.port != taken


def test_a_wished_port_that_is_free_is_used(place: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        wish = other.getsockname()[1]

    with Postgres.start(place / "postgres", port=wish, settings=FAST_AND_FORGETFUL) as server:
        assert urlsplit(server.admin_url).port == wish


def test_a_directory_in_use_is_refused_by_name(
    place: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "LOCK_PATIENCE_S", 0.1)

    with pytest.raises(ServerError, match=f"in use by process {os.getpid()}"):
        Postgres.start(place / "postgres")


def test_a_folder_with_other_things_in_it_is_left_alone(place: Path) -> None:
    folder = place / "papers"
    folder.mkdir(mode=0o755)
    (folder / "letter.txt").write_text("dear")
    before = folder.stat()

    with pytest.raises(ServerError, match="not empty"):
        Postgres.start(folder)

    assert (before.st_mode, before.st_uid) == (folder.stat().st_mode, folder.stat().st_uid)


def test_a_server_that_cannot_start_says_why_in_its_own_words(place: Path) -> None:
    with pytest.raises(ServerError, match="invalid value for parameter"):
        Postgres.start(place / "postgres", settings={"shared_buffers": "plenty"})


def test_a_long_path_costs_the_socket_and_not_the_server(place: Path) -> None:
    with Postgres.start(place / ("long" * 25), settings=FAST_AND_FORGETFUL) as server:
        assert server.sql("show unix_socket_directories") == ""


def test_kill_9_of_the_parent_ends_the_servers_and_the_next_start_has_the_data(place: Path, begin: Begin) -> None:
    parent = begin(place)
    assert parent.stdout is not None
    postgres_pid, valkey_pid, url = parent.stdout.readline().split()

    parent.send_signal(signal.SIGKILL)
    parent.wait()
    with Postgres.start(place / "postgres", settings=FAST_AND_FORGETFUL) as next_one:
        answer = next_one.sql("select 1")

    assert gone(int(postgres_pid))
    assert gone(int(valkey_pid))
    assert answer == "1"
    assert urlsplit(url).password == urlsplit(next_one.admin_url).password


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_ends_the_parent_ends_the_servers(place: Path, begin: Begin, number: int) -> None:
    parent = begin(place)
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()[:2]]

    parent.send_signal(number)
    parent.wait()

    assert [] == [pid for pid in pids if not gone(pid)]


def test_an_orphan_is_stopped_and_its_cluster_taken_over(place: Path) -> None:
    with Postgres.start(place / "postgres", settings=FAST_AND_FORGETFUL) as first:
        first.sql("create table kept as select 42 as answer")
    program = usable_postgres(first._place) / "bin" / "postgres"
    words = [str(program), "-D", str(place / "postgres" / "pgdata"), "-c", f"port={first.port}"]
    words += [
        "-c",
        f"unix_socket_directories={place / 'postgres' / 'run'}",
        "-c",
        "listen_addresses=127.0.0.1",
    ]
    orphan = subprocess.Popen(launch_command(words, first._place.account, signal.SIGCONT), cwd="/")
    pid_file = place / "postgres" / "pgdata" / "postmaster.pid"
    while not (pid_file.exists() and "ready" in pid_file.read_text()):
        time.sleep(0.02)

    with Postgres.start(place / "postgres", settings=FAST_AND_FORGETFUL) as second:
        answer = second.sql("select answer from kept")

    assert orphan.wait() == 0
    assert answer == "42"


def test_a_stale_pid_file_that_names_another_process_harms_nobody(place: Path) -> None:
    with Postgres.start(place / "postgres", settings=FAST_AND_FORGETFUL) as first:
        pid_file = place / "postgres" / "pgdata" / "postmaster.pid"
        text = pid_file.read_text()
    with subprocess.Popen(["sleep", "60"]) as bystander:
        pid_file.write_text(text.replace(text.split("\n")[0], str(bystander.pid), 1))
        first._place.account.own(pid_file)

        with Postgres.start(place / "postgres", settings=FAST_AND_FORGETFUL) as second:
            answer = second.sql("select 1")

        unharmed = bystander.poll() is None
        bystander.kill()

    assert unharmed
    assert answer == "1"


def test_a_half_made_cluster_is_made_again(place: Path) -> None:
    with Postgres.start(place / "postgres", settings=FAST_AND_FORGETFUL):
        pass
    (place / "postgres" / "pgdata").rename(place / "postgres" / "pgdata.new")

    with Postgres.start(place / "postgres", settings=FAST_AND_FORGETFUL) as server:
        answer = server.sql("select 1")

    assert answer == "1"
    assert not (place / "postgres" / "pgdata.new").exists()
