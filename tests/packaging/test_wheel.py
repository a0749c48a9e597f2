"""The built wheel, in an empty environment made from the runtime lock, with no source beside it.

Made by the Dockerfile's own lines, and run against servers set up by compose.yaml's own script.
"""

import base64
import os
import re
import secrets
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import yaml

from app.kit.servers import FAST_AND_FORGETFUL, Postgres, Valkey, throwaway_data_dir
from app.kit.servers.process import free_port
from app.kit.servers.programs import wheel_postgres
from tests.packaging import dockerfile

PROJECT = Path(__file__).resolve().parents[2]
LOGINS = {"migrate": "toplu_migrate", "api": "toplu_api_login", "worker": "toplu_worker_login"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment that the image carries."""
    root = tmp_path_factory.mktemp("image")
    return dockerfile.build(PROJECT, root)


@pytest.fixture(scope="module")
def packages(image: Path) -> Path:
    return next(image.glob("lib/python*/site-packages"))


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(lock: Path) -> set[str]:
    return {normal(name) for name in re.findall(r"^([\w.-]+)==", lock.read_text(), re.MULTILINE)}


def test_it_carries_the_runtime_lock_and_the_wheel_and_nothing_else(packages: Path) -> None:
    installed = {normal(folder.name.split("-")[0]) for folder in packages.glob("*.dist-info")}

    extra = installed - locked(PROJECT / "requirements.lock") - {"toplu"}

    assert extra == set()
    assert {"toplu", "fastapi", "asyncpg", "greenlet"} <= installed


def test_it_has_neither_the_sandbox_nor_tests(packages: Path) -> None:
    assert (packages / "app" / "kit").is_dir()
    assert not (packages / "app" / "sandbox").exists()
    assert not (packages / "tests").exists()


def test_every_file_of_the_rooms_is_in_it(packages: Path) -> None:
    def files(folder: Path) -> set[str]:
        found = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        return {name for name in found if "__pycache__" not in name and not name.startswith("sandbox/")}

    missing = files(PROJECT / "app") - files(packages / "app")
    missing_migrations = files(PROJECT / "migrations") - files(packages / "app" / "_migrations")

    assert missing == set()
    assert missing_migrations == set()


def test_it_migrates_answers_and_works_against_servers_elsewhere(image: Path) -> None:
    with (
        throwaway_data_dir() as place,
        Postgres.start(place / "postgres", settings=FAST_AND_FORGETFUL) as postgres,
        Valkey.start(place / "valkey") as valkey,
    ):
        urls = prepare_database(postgres)
        environment = {
            "PATH": os.defpath,
            "TOPLU_REDIS_URL": valkey.url,
            "TOPLU_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        port = free_port()
        api_words = ["api", "--host", "127.0.0.1", "--port", str(port)]
        begin = partial(program, image, place, environment)

        with begin(["migrate"], urls["migrate"]) as migrate:
            migrated = migrate.wait(60)
        with begin(api_words, urls["api"]) as api, begin(["worker"], urls["worker"]) as worker:
            alive = answer(f"http://127.0.0.1:{port}/livez", api)
            ready = answer(f"http://127.0.0.1:{port}/readyz", api)
            working = worker.poll() is None
            for process in (api, worker):
                process.send_signal(signal.SIGTERM)
            ended = [process.wait(60) for process in (api, worker)]

    assert migrated == 0
    assert (alive, ready, working) == (200, 200, True)
    assert ended == [0, 0]


def prepare_database(postgres: Postgres) -> dict[str, str]:
    """Run compose.yaml's script for an empty cluster, and return one URL per door."""
    compose = yaml.safe_load((PROJECT / "compose.yaml").read_text())
    passwords = {f"TOPLU_{door.upper()}_PASSWORD": secrets.token_hex(32) for door in LOGINS}
    subprocess.run(
        [wheel_postgres() / "bin" / "psql", "-Xq", postgres.admin_url],
        input=compose["configs"]["database"]["content"],
        env=passwords,
        text=True,
        check=True,
    )
    return {
        door: postgres.url("toplu", login, password=passwords[f"TOPLU_{door.upper()}_PASSWORD"])
        for door, login in LOGINS.items()
    }


@contextmanager
def program(
    image: Path, place: Path, environment: dict[str, str], words: list[str], database_url: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run `toplu` from the environment, in a folder without the source, its words into a file."""
    cwd = place / "elsewhere"
    cwd.mkdir(exist_ok=True)
    output = place / f"{words[0]}.log"
    with output.open("wb") as sink:
        process = subprocess.Popen(
            [image / "bin" / "toplu", *words],
            cwd=cwd,
            env=environment | {"TOPLU_DATABASE_URL": database_url},
            stdout=sink,
            stderr=sink,
        )
    try:
        yield process
        if process.poll() not in (None, 0):
            pytest.fail(f"toplu {words[0]} ended with {process.returncode}:\n{output.read_text()}")
    finally:
        process.kill()
        process.wait()


def answer(url: str, process: subprocess.Popen[bytes]) -> int:
    """Ask until it answers 200, the program ends, or half a minute has passed; return the last status."""
    status = 0
    deadline = time.monotonic() + 30
    while status != 200 and process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                status = response.status
        except urllib.error.HTTPError as refused:
            status = refused.code
            refused.close()
            time.sleep(0.1)
        except OSError:
            time.sleep(0.1)
    return status
