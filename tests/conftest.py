"""What all tests share: real servers once per test process, and a database of its own for each test that wants one.

The template is migrated once; each test's database is a copy that really commits. The application takes on its own
roles
(`toplu_api`, `toplu_worker`), whatever login the address names.
"""

import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from hypothesis import settings

from app.kit.logs import configure
from app.kit.servers import FAST_AND_FORGETFUL, Postgres, Valkey, throwaway_data_dir
from tests.house import House, open_house
from tests.idle_sandbox import end_sandbox

ROOT = Path(__file__).resolve().parents[1]
LOGIN = "toplu"
PASSWORD = "an-invented-password"

# No test asserts a time: an example may take as long as a busy machine needs.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def pytest_configure() -> None:
    """What a shell runs in the background ignores Ctrl-C, and so do all that it starts; some tests send it to these."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow files first: they are given out whole, and one begun last would leave the other process without work."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def logs_as_they_are_by_default() -> None:
    """A house sets its own level; the next test starts from the usual one."""
    configure("INFO")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def pretend_whatsapp() -> Iterator[None]:
    """Houses hand on one sandbox; it ends with the tests."""
    yield
    end_sandbox()


@dataclass(frozen=True, slots=True)
class Servers:
    """A PostgreSQL with a migrated template database, and a Valkey."""

    postgres: Postgres
    valkey: Valkey

    def admin(self, database: str = "postgres") -> str:
        """Address of the superuser, for looking under the roles."""
        return self.postgres.url(database)

    def url(self, database: str) -> str:
        """Address of the login the application is given."""
        return self.postgres.url(database, LOGIN, password=PASSWORD)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """Start both, migrate the template, stop both."""
    with throwaway_data_dir() as place:
        settings = {**FAST_AND_FORGETFUL, "max_connections": "200"}
        with (
            Postgres.start(place / "postgres", settings=settings) as postgres,
            Valkey.start(place / "valkey") as valkey,
        ):
            postgres.sql(f"CREATE ROLE {LOGIN} LOGIN CREATEROLE PASSWORD '{PASSWORD}'")
            postgres.sql(f"CREATE DATABASE toplu_test_template OWNER {LOGIN}")
            postgres.sql("REVOKE ALL ON DATABASE toplu_test_template FROM PUBLIC")  # as operators are told to
            found = Servers(postgres, valkey)
            migrate(found.url("toplu_test_template"))
            yield found


def migrate(url: str) -> None:
    """`alembic upgrade head` against one address."""
    before = os.environ.get("TOPLU_DATABASE_URL")
    os.environ["TOPLU_DATABASE_URL"] = url
    try:
        command.upgrade(Config(str(ROOT / "alembic.ini")), "head")
    finally:
        if before is None:
            del os.environ["TOPLU_DATABASE_URL"]
        else:
            os.environ["TOPLU_DATABASE_URL"] = before


@dataclass(frozen=True, slots=True)
class TestDatabase:
    """One migrated database: `url` for the application, `admin_url` to look under its roles."""

    __test__ = False

    name: str
    url: str
    admin_url: str


async def _copy_template(servers: Servers) -> TestDatabase:
    name = f"toplu_test_{secrets.token_hex(6)}"
    admin = await asyncpg.connect(servers.admin())
    try:
        # By file: through the log, each copy costs three times the processor (92 ms against 32, 2026-11).
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE toplu_test_template STRATEGY FILE_COPY OWNER {LOGIN}")
    finally:
        await admin.close()
    return TestDatabase(name, servers.url(name), servers.admin(name))


async def _drop(servers: Servers, database: TestDatabase) -> None:
    admin = await asyncpg.connect(servers.admin())
    try:
        await admin.execute(f"DROP DATABASE {database.name} WITH (FORCE)")
    finally:
        await admin.close()


@pytest.fixture
async def database(servers: Servers) -> AsyncIterator[TestDatabase]:
    """A database of this test's own, copied from the migrated template."""
    copied = await _copy_template(servers)
    yield copied
    await _drop(servers, copied)


@pytest.fixture(scope="module")
def module_database(servers: Servers) -> Iterator[TestDatabase]:
    """One database for all tests of a module: for those that only add and read."""
    copied = asyncio.run(_copy_template(servers))
    yield copied
    asyncio.run(_drop(servers, copied))


@pytest.fixture(scope="module")
async def shop(
    servers: Servers, module_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """HTTP around one database for all tests of a module, which do not meet or only read; no worker, no sandbox."""
    place = tmp_path_factory.mktemp("shop")
    async with open_house(module_database.url, servers.valkey.url, place, worker=False, sandbox=False) as opened:
        yield opened


@pytest.fixture
async def house(servers: Servers, database: TestDatabase, tmp_path: Path) -> AsyncIterator[House]:
    """The whole product around a fresh database: HTTP, worker and sandbox, one tenant ready to send."""
    async with open_house(database.url, servers.valkey.url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def api_only(servers: Servers, database: TestDatabase, tmp_path: Path) -> AsyncIterator[House]:
    """HTTP around a fresh database; no worker, no sandbox."""
    async with open_house(database.url, servers.valkey.url, tmp_path, worker=False, sandbox=False) as opened:
        yield opened
