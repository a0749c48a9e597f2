"""One HTTP door for the tests of a module whose batches do not meet, and drafts to stream into."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import Servers, TestDatabase
from tests.house import House, open_house, phone


@pytest.fixture(scope="module")
async def shop(
    servers: Servers, module_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    """One HTTP door around one database for a module: each test makes batches of its own."""
    place = tmp_path_factory.mktemp("shop")
    async with open_house(module_database.url, servers.valkey.url, place, worker=False, sandbox=False) as opened:
        yield opened


@pytest.fixture
async def draft(shop: House) -> str:
    """A draft that skips unreadable rows; two people consent."""
    await shop.consent(phone(1), phone(2))
    return str((await shop.send(start=False, recipients=[], on_invalid="skip"))["id"])


@pytest.fixture
async def strict_draft(shop: House) -> str:
    """A draft that rejects them."""
    await shop.consent(phone(1), phone(2))
    return str((await shop.send(start=False, recipients=[]))["id"])
