"""One HTTP door and one worker's runtime around one database, for the tests of a module whose batches do not meet."""

from collections.abc import AsyncIterator

import pytest

from app.runtime import Runtime, open_runtime
from tests.conftest import Servers, TestDatabase
from tests.house import House, open_house


@pytest.fixture(scope="module")
async def shop(
    servers: Servers, module_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """No worker, no sandbox: what a worker does is called by name."""
    place = tmp_path_factory.mktemp("shop")
    async with open_house(module_database.url, servers.valkey.url, place, worker=False, sandbox=False) as opened:
        yield opened


@pytest.fixture(scope="module")
async def worker(shop: House) -> AsyncIterator[Runtime]:
    """What a worker of this shop has open."""
    async with open_runtime(shop.settings, "worker") as run:
        yield run
